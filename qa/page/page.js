// What is clicked, typed and dropped, and the page's beginning.
const judged = async (turn, sent) => {
  if (!await call('feedback', { chat, turn: turn.dataset.turn, ...sent })) return false;
  toast(words.thanks);
  tell([turn.dataset.turn]);
  return true;
};
const acts = {
  new: () => openChat(id()),
  left: () => panel('left', !root.classList.contains('left-open')),
  right: () => panel('right', !root.classList.contains('right-open')),
  shade: closePanels,
  back: () => { leaveReader(); const on = $('#cards .card.on .card-open'); if (on) on.focus(); },
  folder: openFolder,
  choose: () => { openFolder(); $('#files').click(); },
  model: openModel,
  keys: () => { closePanels(); $('#keys-dialog').showModal(); },
  close: (b) => b.closest('dialog').close(),
  filters: (b) => {
    const box = $('#filters');
    box.hidden = !box.hidden;
    b.setAttribute('aria-expanded', String(!box.hidden));
    if (!box.hidden) $('input', box).focus();
  },
  clear: () => { $$('#filters [name]').forEach((f) => { f.value = ''; }); setFilters(); },
  stop,
  reindex: reading,
  'export-chat': (b) => openMenu(b, ''),
  export: (b) => openMenu(b, turnOf(b).dataset.turn),
  edit: (b) => openEdit(turnOf(b)),
  'edit-close': (b) => closeEdit(b.closest('form')),
  undo: (b) => take(turnOf(b)),
  retry: (b) => retry(turnOf(b)),
  older: turnPage,
  newer: turnPage,
  sources: (b) => { closeReader(); showCards(turnOf(b)); panel('right', true); },
  copy: async (b) => {
    const got = await call('export', { chat, turn: turnOf(b).dataset.turn, form: 'txt' });
    if (got) { await copy(got.text); toast(words.copied); }
  },
  cite,
  translate,
  good: async (b) => { if (await judged(turnOf(b), { verdict: 'good' })) b.setAttribute('aria-pressed', 'true'); },
  bad: (b) => {
    const form = $('.judge', turnOf(b));
    form.hidden = !form.hidden;
    b.setAttribute('aria-expanded', String(!form.hidden));
    if (!form.hidden) $('input', form).focus();
  },
  test: testModel,
};
// What a click does, by what it falls on: the first that matches. `keys`: it came from the keyboard.
const clicks = [
  ['.mark, .card-open[data-mark]', (at, keys) => {
    openMark(at.dataset.turn || turnOf(at).dataset.turn, at.dataset.mark, keys);
  }],
  ['a.n', (at) => {
    const paragraph = at.closest('.paragraph');
    const sent = { file: $('.paper').dataset.file, p: Number(paragraph.dataset.p) };
    go({ ...here(), article: sent.file, p: sent.p }, { read: sent }, true);
    $$('.here').forEach((p) => p.classList.remove('here'));
    paragraph.classList.add('here');
    toast(words.link_copied);
  }],
  ['a.skip', () => $('#question').focus()],
  ['[data-from]', ({ dataset }) => {
    read({ file: $('.paper').dataset.file, p: Number(dataset.p), first: Number(dataset.from) }, false, true);
  }],
  ['[data-open]', (at, keys) => {
    const box = at.closest('dialog');
    if (box) box.close();
    select(null);
    read({ file: at.dataset.open, p: Number(at.dataset.p) }, keys);
  }],
  ['[data-remove]', removeArticle],
  ['.suggested', (at) => ask(at.textContent)],
  ['[data-chat]', (at) => openChat(at.dataset.chat)],
  ['[data-unset]', (at) => { $(`#filters [name=${at.dataset.unset}]`).value = ''; setFilters(); }],
  ['[data-form]', (at) => { const { turn } = $('#menu').dataset; closeMenu(); download(at.dataset.form, turn); }],
  ['[data-rename]', renameChat],
  ['[data-delete]', (at) => deleteChat(at.dataset.delete)],
  ['[data-do]', (at) => { if (acts[at.dataset.do]) acts[at.dataset.do](at); }],
];
root.addEventListener('click', (event) => {
  if (!event.target.closest('#menu, [aria-haspopup=menu]')) closeMenu();
  const found = clicks.find(([selector]) => event.target.closest(selector));
  if (!found) return;
  if (event.target.closest('a')) event.preventDefault();
  found[1](event.target.closest(found[0]), event.detail === 0);
});
const submits = {
  composer: () => { const box = $('#question'); if (ask(box.value)) write(''); },
  'name-form': () => $('#name-dialog').close('ok'),
  'model-form': async () => {
    const got = await call('set_model', modelForm());
    if (got) { showModel(got); $('#model-dialog').close(); toast(words.saved); }
  },
};
root.addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.target;
  if (submits[form.id]) submits[form.id]();
  if (form.matches('.edit')) sendEdit(form);
  if (!form.matches('.judge')) return;
  const bad = $('[data-do=bad]', turnOf(form));
  const sent = { verdict: $('input[type=radio]:checked', form).value, note: $('[name=note]', form).value };
  if (!await judged(turnOf(form), sent)) return;
  form.hidden = true;
  bad.setAttribute('aria-pressed', 'true');
  bad.setAttribute('aria-expanded', 'false');
  bad.focus();
});
const soon = (act) => () => { clearTimeout(act.timer); act.timer = setTimeout(act, 200); };
const searchArticles = soon(findArticles);
const searchChats = soon(findChats);
root.addEventListener('input', ({ target }) => {
  if (target.id === 'question') { size(); remember(`qa-draft-${chat}`, target.value); }
  if (target.matches('form.edit textarea')) editSize(target);
  if (target.closest('#filters')) setFilters();
  if (target.id === 'find') searchArticles();
  if (target.id === 'find-chat') searchChats();
  if (target.name === 'answerer') $('#model-form').classList.toggle('llm', target.value === 'llm');
});
root.addEventListener('change', ({ target }) => {
  if (target.id === 'files') { const files = [...target.files]; target.value = ''; add(files); }
});
const look = () => { inView.due = inView.due || requestAnimationFrame(() => { inView.due = 0; inView(); }); };
root.addEventListener('scroll', (event) => { if (event.target.id === 'scroll') look(); }, true); // it does not bubble
const files = (event) => [...event.dataTransfer.types].includes('Files');
for (const kind of ['dragenter', 'dragover']) {
  root.addEventListener(kind, (event) => {
    if (files(event)) { event.preventDefault(); root.classList.add('dropping'); }
  });
}
for (const kind of ['dragleave', 'drop', 'dragend']) {
  root.addEventListener(kind, (event) => {
    if (kind !== 'dragleave' || !event.relatedTarget) root.classList.remove('dropping');
  });
}
root.addEventListener('drop', (event) => {
  if (event.dataTransfer.files.length) { event.preventDefault(); add([...event.dataTransfer.files]); }
});
const escape_ = (typing) => { // the innermost thing that is open
  if (!$('#menu').hidden) closeMenu();
  else if (root.classList.contains('left-open') || root.classList.contains('right-open')) closePanels();
  else if (document.activeElement.closest('form.edit')) closeEdit(document.activeElement.closest('form.edit'));
  else if (live) stop();
  else if (!$('#reader').hidden) leaveReader();
  else if (typing) document.activeElement.blur();
};
const SHORT = { n: () => step(1), j: () => step(1), p: () => step(-1), k: () => step(-1),
  '/': () => $('#question').focus(), '?': () => $('#keys-dialog').showModal() };
document.addEventListener('keydown', (event) => {
  const typing = event.target.matches && event.target.matches('input, textarea, select');
  const sends = event.key === 'Enter' && !event.shiftKey && !event.isComposing;
  if (sends && event.target.matches('#question, form.edit textarea')) {
    event.preventDefault(); event.target.form.requestSubmit(); return;
  }
  const menu = $('#menu');
  if (menu && !menu.hidden && ['ArrowDown', 'ArrowUp'].includes(event.key)) {
    event.preventDefault();
    const all = $$('button:not([hidden])', menu);
    const at = all.indexOf(document.activeElement) + (event.key === 'ArrowDown' ? 1 : -1);
    all[(at + all.length) % all.length].focus();
    return;
  }
  if (!menu || $('dialog[open]') || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Escape') { escape_(typing); return; }
  if (!typing && SHORT[event.key]) { event.preventDefault(); SHORT[event.key](); }
});
watch('value', () => arrived(props.value));
addEventListener('beforeprint', () => $$('#turns details').forEach((d) => { d.open = true; }));

const begin = async () => {
  const asked = addressed();
  const named_ = [asked.chat, asked.q ? '' : remembered('qa-chat')].find((name) => NAME.test(name || '')) || id();
  const got = await call('start', { chat: named_ });
  if (!got) { root.textContent = words.offline || ''; setTimeout(begin, 2000); return; }
  words = got.words;
  started = got.server;
  limit = got.limit;
  document.documentElement.lang = words.code;
  root.innerHTML = got.html;
  showChat(got);
  showVectors();
  // turns get their height when they are seen first
  new ResizeObserver(() => { if (!live && outOfSight()) look(); }).observe($('#turns'));
  call('model').then((chosen) => { if (chosen) showModel(chosen); });
  if (asked.article) read({ file: asked.article, p: Number(asked.p) || 1 }, false, true);
  else $('#question').focus({ preventScroll: true });
  if (!asked.article) go(here(), {}, true);
  root.dataset.ready = 'yes';
  if (asked.q && fits(asked.q.trim())) ask(asked.q); else if (asked.q) write(asked.q);
};
begin();
