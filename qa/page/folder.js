// The folder and its articles, files that are added or removed, the vectors that are still computed; the model.
const findArticles = async () => {
  const got = await call('articles', { search: $('#find').value });
  if (got) $('#articles').innerHTML = got.html;
};
const refreshFolder = async () => {
  const got = await call('folder');
  if (!got) return;
  $('#folder-panel').innerHTML = got.html;
  $('#count').textContent = got.articles;
  options('language', got.languages, got.names);
  options('source', got.sources, got.sources);
  findArticles();
  if (!$('.turn')) {
    emptyCards();
    suggest();
  }
};
const options = (name, values, labels) => {
  const field = $(`#filters [name=${name}]`);
  const was = field.value;
  const all = [['', words.any], ...values.map((value, i) => [value, labels[i]])];
  field.replaceChildren(...all.map(([value, label]) => new Option(label, value)));
  field.value = values.includes(was) ? was : '';
  field.closest('label').hidden = !values.length;
};
const reading = async () => {
  if (reading.on) return;
  reading.on = true;
  const bar = $('#progress');
  const told = $('#reading');
  bar.hidden = false;
  let got = await call('reindex');
  while (got && got.running) {
    bar.value = got.percent;
    told.textContent = fill(words.reindexing, got.percent);
    await pause(400);
    got = await call('progress');
  }
  bar.hidden = true;
  reading.on = false;
  told.textContent = got ? got.error_said || (got.said ? fill(words.reindexed, ...got.said) : '') : '';
  refreshFolder();
  showVectors();
};
const showVectors = async () => { // how far they are, as long as there are some to compute
  if (showVectors.on) return;
  showVectors.on = true;
  const line = $('#vectors');
  const began = Date.now();
  let shown = false;
  let first = null; // how many there were when this began to look
  for (let missed = 0; missed < 3;) {
    const got = await send('pulse', {}, PATIENCE);
    if (!got) {
      missed += 1;
      await pause(2000);
      continue;
    }
    if (!got.vectors) break;
    const [done, total] = got.vectors;
    shown = true;
    first ??= done;
    const minutes = ((Date.now() - began) / 60000) * ((total - done) / (done - first));
    const left = Number.isFinite(minutes) ? ` · ${fill(words.time_left, Math.ceil(minutes))}` : '';
    const said = fill(words.vectors_of, done, total) + left;
    line.hidden = false;
    $('progress', line).value = total ? (100 * done) / total : 0;
    $('span', line).textContent = said;
    const panelled = $('#folder-panel .vectors');
    if (panelled) panelled.textContent = said;
    await pause(800);
  }
  line.hidden = true;
  showVectors.on = false;
  if (shown) refreshFolder();
};
const add = async (files) => {
  if (!files.length) return;
  if (!$('#folder-dialog').open) openFolder();
  let any = false;
  for (const file of files) {
    const line = document.createElement('li');
    line.textContent = `${file.name} …`;
    $('#added').prepend(line);
    let got = null;
    try {
      const up = await upload(file);
      got = await call('add', { path: up.path, name: file.name });
    } catch { got = { ok: false, said: fill(words.upload_failed, file.name) }; }
    if (!got) { line.remove(); continue; }
    line.textContent = got.said;
    line.className = got.ok ? 'ok' : 'not';
    any = any || got.ok;
  }
  if (any) reading();
};
const removeArticle = async (button) => {
  if (!await named(words.remove_sure, null, words.remove)) return;
  const got = await call('remove', { file: button.dataset.remove });
  if (!got) return;
  toast(got.said);
  const paper = $('#reader .paper');
  if (paper && paper.dataset.file === button.dataset.remove) leaveReader();
  reading();
};
const openFolder = () => {
  closePanels();
  $('#folder-dialog').showModal();
  findArticles();
};
const modelForm = () => Object.fromEntries(new FormData($('#model-form')));
const showModel = (got) => {
  const form = $('#model-form');
  const names = ['answerer', 'model', 'base_url', 'check', 'min_confidence'];
  names.forEach((key) => { form.elements[key].value = got[key] ?? ''; });
  form.elements.key.value = '';
  form.elements.key.placeholder = got.key ? `•••••• (${words.key_set})` : '';
  $('#model-name').textContent = got.answerer === 'llm' ? got.model : '';
  form.classList.toggle('llm', got.answerer === 'llm');
};
const openModel = async () => {
  closePanels();
  const got = await call('model');
  if (!got) return;
  showModel(got);
  $('#model-told').textContent = '';
  $('#model-dialog').showModal();
};
const testModel = async () => {
  const told = $('#model-told');
  told.className = 'told';
  told.textContent = words.testing;
  const got = await call('test_model', modelForm());
  told.textContent = got ? got.said : '';
  told.className = `told ${got && got.ok ? 'ok' : 'not'}`;
};
