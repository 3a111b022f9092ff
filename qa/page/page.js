// The page's hands: it sends what is done to the server and puts what comes back (escaped HTML) in its place.
// Gradio runs this once, with `element`, `server`, `trigger`, `upload`, `watch` and `props` of its gr.HTML.
const EVENTS = ['asked']; // the one event that Gradio listens for: trigger('asked')
const root = document.createElement('div');
root.className = 'qa';
element.replaceChildren(root);
const $ = (selector, from = root) => from.querySelector(selector);
const $$ = (selector, from = root) => [...from.querySelectorAll(selector)];
const id = () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, '0')).join('');
const kept = (store, key, make) => {
  try { const old = store().getItem(key); if (/^[0-9a-f]{32}$/.test(old || '')) return old; store().setItem(key, make); } catch { /* private window, or a frame */ }
  return make;
};
const language = (navigator.language || 'en').slice(0, 2).toLowerCase();
const browser = kept(() => localStorage, 'qa-browser', id());
let chat = kept(() => sessionStorage, 'qa-chat', id());
let words = {};
let live = null; // {run, turn}: the answer that is being written in this tab
let current = null; // {turn, mark}: the citation that is open
let filters = {};
let opener = null; // what had the focus before a panel opened

const call = async (name, sent = {}) => {
  let got;
  try { got = await server['qa_' + name]({ browser, language, ...sent }); } catch { got = null; }
  if (!got || typeof got !== 'object' || got.detail) { toast(words.offline || ''); return null; }
  if (got.error) { toast(got.error); return null; }
  return got;
};
const toast = (text) => {
  const box = $('#toast');
  if (!box || !text) return;
  box.textContent = text; box.classList.add('shown');
  clearTimeout(toast.timer); toast.timer = setTimeout(() => box.classList.remove('shown'), 4200);
};
const fragment = (html) => { const t = document.createElement('template'); t.innerHTML = html; return t.content; };
const fill = (text, ...values) => values.reduce((said, value) => said.replace('{}', value), text);
const turnOf = (node) => node.closest('.turn');
const turnBy = (turn) => $(`.turn[data-turn="${CSS.escape(turn)}"]`);

// Chats
const showChat = (got) => {
  chat = got.chat; current = null;
  try { sessionStorage.setItem('qa-chat', chat); } catch { /* private window */ }
  if (live) live = null;
  busy(false);
  $('#turns').innerHTML = got.turns;
  $('#welcome').innerHTML = got.welcome;
  listChats(got); closeReader();
  if (got.told) toast(got.told);
  const turns = $$('.turn');
  if (turns.length) { $('#scroll').scrollTop = $('#scroll').scrollHeight; showCards(turns[turns.length - 1]); }
  else { emptyCards(); suggest(); }
  got.running.forEach(follow);
};
const listChats = (got) => { $('#chats').innerHTML = got.list; $('#title').textContent = got.title || words.new_chat; $('#export').disabled = !$('.turn'); };
const openChat = async (name) => { const got = await call('open_chat', { chat: name }); if (got) { showChat(got); closePanels(); $('#question').focus(); } };
const follow = async (turn) => { // an answer that was under way when the page was loaded
  for (;;) {
    await new Promise((ready) => setTimeout(ready, 500));
    const got = await call('turn', { chat, turn });
    const old = turnBy(turn);
    if (!got || !old || !got.html) return;
    if (got.done) { old.replaceWith(fragment(got.html)); showCards(turnBy(turn)); return; }
    grow(old, got.html);
  }
};
const suggest = async () => {
  for (let tries = 0; tries < 40 && !$('.turn'); tries += 1) {
    const got = await call('suggestions');
    if (!got) return;
    if (got.ready) { if (!$('.turn')) $('#welcome').innerHTML = got.html; return; }
    await new Promise((ready) => setTimeout(ready, 400));
  }
};

// Asking
const busy = (yes) => { $('.send[type=submit]').hidden = yes; $('.stop').hidden = !yes; };
const ask = (question) => {
  if (live || !question.trim()) return;
  live = { run: id(), turn: null, question };
  busy(true);
  $('#welcome').replaceChildren();
  const waiting = document.createElement('article');
  waiting.className = 'turn live'; waiting.id = 'waiting';
  waiting.innerHTML = '<div class="asked"><h2 class="question"></h2></div><div class="reply"><p class="stage"><span class="pulse" aria-hidden="true"></span></p></div>';
  $('.question', waiting).textContent = question; $('.stage', waiting).append(words.searching);
  $('#turns').append(waiting);
  lift(waiting);
  trigger('asked', { browser, language, chat, question, run: live.run, as_of: filters.as_of || '', filters });
};
const lift = (turn) => { // the question goes to the top and stays there, so that nothing jumps while the answer grows
  const scroll = $('#scroll');
  $$('.turn.last').forEach((t) => t.classList.remove('last'));
  turn.classList.add('last');
  turn.style.minHeight = `${Math.max(0, scroll.clientHeight - 56)}px`;
  scroll.scrollTo({ top: turn.offsetTop - 12, behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
};
const grow = (old, html) => { // puts in what is new and leaves what stands there alone
  const made = fragment(html).firstElementChild;
  const said = $('.said', old); const next = $('.said', made);
  if (said && next) { [...next.children].slice(said.children.length).forEach((c) => { c.classList.add('fresh'); said.append(c, ' '); }); }
  const stage = $('.stage', old); const told = $('.stage', made);
  if (stage && told && stage.textContent !== told.textContent) stage.replaceWith(told);
};
const arrived = (got) => {
  if (!got || !got.run || !live || got.run !== live.run) return;
  if (got.error) { live = null; busy(false); const old = $('#waiting'); if (old) old.remove(); toast(got.error); if (!$('.turn')) suggest(); return; }
  if (got.told) toast(got.told);
  live.turn = got.turn;
  const old = turnBy(got.turn) || $('#waiting');
  if (!old) return;
  const height = old.style.minHeight; const last = old.classList.contains('last');
  if (old.id === 'waiting' || got.done) {
    const made = fragment(got.html).firstElementChild;
    made.style.minHeight = height; made.classList.toggle('last', last);
    old.replaceWith(made);
    if (got.done) { live = null; busy(false); listChats(got); showCards(made); if (document.activeElement === document.body) $('#question').focus(); }
  } else grow(old, got.html);
};
const stop = async () => { if (live && live.turn) await call('stop', { turn: live.turn }); };
const again = async (turn, edit) => {
  if (live) return;
  const got = await call('cut', { chat, turn: turn.dataset.turn });
  if (!got) return;
  let gone = turn; while (gone) { const next = gone.nextElementSibling; gone.remove(); gone = next; }
  closeReader(); emptyCards();
  const chats = await call('list_chats', { chat }); if (chats) listChats(chats);
  if (edit === 'undo') { if (!$('.turn')) suggest(); $('#question').focus(); return; }
  if (edit === 'edit') { const box = $('#question'); box.value = got.question; size(); box.focus(); if (!$('.turn')) suggest(); return; }
  ask(got.question);
};
const size = () => { const box = $('#question'); box.style.height = 'auto'; box.style.height = `${Math.min(box.scrollHeight, 180)}px`; };

// Sources
const emptyCards = async (said) => { // nothing is cited: what there is to read
  if (!said) $$('.turn.shown').forEach((t) => t.classList.remove('shown'));
  const p = document.createElement('p'); p.className = 'empty'; p.textContent = said || words.no_sources;
  $('#cards').replaceChildren(p);
  const got = await call('articles');
  if (!got || !p.isConnected) return;
  const list = document.createElement('div'); list.className = 'articles'; list.innerHTML = got.html;
  const head = document.createElement('h3'); head.className = 'list-head'; head.textContent = words.folder_articles;
  $('#cards').replaceChildren(p, head, list);
};
const showCards = (turn) => {
  const cards = turn && $('template.cards', turn);
  if (!cards) return;
  $$('.turn.shown').forEach((t) => t.classList.remove('shown'));
  turn.classList.add('shown');
  if ($('.card', cards.content)) $('#cards').replaceChildren(cards.content.cloneNode(true));
  else emptyCards(cards.content.textContent.trim());
  $('#cards').scrollTop = 0;
  closeReader();
};
const closeReader = () => { $('#reader').hidden = true; $('#cards').hidden = false; $('#back').hidden = true; $('#right-title').hidden = false; };
const select = (turn, mark) => {
  $$('.mark.on, .card.on').forEach((m) => m.classList.remove('on'));
  current = turn ? { turn, mark: String(mark) } : null;
  if (!turn) return;
  const node = turnBy(turn);
  if (!node) return;
  if (!node.classList.contains('shown') && $('template.cards', node)) showCards(node);
  [...$$(`.mark[data-mark="${mark}"]`, node), ...$$(`#cards .card[data-mark="${mark}"]`)].forEach((m) => m.classList.add('on'));
};
const read = async (sent, focus) => {
  const got = await call('article', sent);
  if (!got) return null;
  const reader = $('#reader');
  reader.innerHTML = got.html;
  reader.hidden = false; $('#cards').hidden = true; $('#back').hidden = false; $('#right-title').hidden = true;
  panel('right', true);
  const spot = $('mark', reader) || (sent.p > 1 || sent.mark ? $('.here', reader) : null);
  if (spot) centre(spot, reader); else reader.scrollTop = 0;
  if (focus) reader.focus({ preventScroll: true });
  return got;
};
const centre = (spot, reader) => {
  const at = spot.getBoundingClientRect().top - reader.getBoundingClientRect().top;
  reader.scrollTop += at - Math.min(140, reader.clientHeight / 3);
};
const openMark = (turn, mark, focus) => { select(turn, mark); return read({ chat, turn, mark: Number(mark) }, focus); };
const step = (by) => { // the next or the previous citation, through all answers
  const all = $$('#turns .mark');
  if (!all.length) return;
  let at = current ? all.findIndex((m) => turnOf(m).dataset.turn === current.turn && m.dataset.mark === current.mark) : -1;
  if (current && by > 0) while (at + 1 < all.length && all[at + 1].dataset.mark === current.mark && turnOf(all[at + 1]).dataset.turn === current.turn) at += 1;
  let to = at + by;
  if (at === -1) { const shown = $$('.turn.shown .mark'); to = shown.length ? all.indexOf(by > 0 ? shown[0] : shown[shown.length - 1]) : 0; }
  const mark = all[Math.min(Math.max(to, 0), all.length - 1)];
  mark.scrollIntoView({ block: 'nearest' });
  mark.focus({ preventScroll: true });
  openMark(turnOf(mark).dataset.turn, mark.dataset.mark, false);
};

// Panels and dialogs
const slim = () => matchMedia('(max-width: 1099px)').matches;
const panel = (side, open) => {
  if (side === 'right' && !slim()) return;
  const was = root.classList.contains(`${side}-open`);
  if (open && !was) { root.classList.remove('left-open', 'right-open'); opener = document.activeElement; }
  root.classList.toggle(`${side}-open`, open);
  $('#shade').hidden = !(root.classList.contains('left-open') || root.classList.contains('right-open'));
  if (open && !was) { const to = $(`.${side} button:not([hidden])`); if (to) to.focus({ preventScroll: true }); }
  if (!open && was && opener && opener.isConnected) opener.focus({ preventScroll: true });
};
const closePanels = () => { panel('left', false); panel('right', false); };
const openMenu = (button, turn) => {
  const menu = $('#menu'); const place = button.getBoundingClientRect();
  menu.dataset.turn = turn || ''; menu.hidden = false;
  const up = place.bottom + menu.offsetHeight + 8 > innerHeight;
  menu.style.left = `${Math.max(8, Math.min(place.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${up ? place.top - menu.offsetHeight - 4 : place.bottom + 4}px`;
  menu.opener = button; button.setAttribute('aria-expanded', 'true');
  $('button[data-form=print]', menu).hidden = Boolean(turn);
  $('button', menu).focus();
};
const closeMenu = () => { const menu = $('#menu'); if (menu.hidden) return; menu.hidden = true; if (menu.opener) { menu.opener.setAttribute('aria-expanded', 'false'); menu.opener.focus(); } };
const download = async (form, turn) => {
  if (form === 'print') { window.print(); return; }
  const got = await call('export', { chat, form, turn });
  if (!got) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([got.text], { type: `${got.type};charset=utf-8` }));
  link.download = got.name; link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};
const named = (title, value) => new Promise((answer) => { // a small dialog: a new title, or only yes or no
  const box = $('#name-dialog'); const field = $('#name-field');
  $('#name-head').textContent = title; field.hidden = value === null; field.value = value || '';
  box.returnValue = '';
  const end = () => { box.removeEventListener('close', end); answer(box.returnValue === 'ok' ? (value === null ? true : field.value) : null); };
  box.addEventListener('close', end);
  box.showModal(); if (value !== null) field.select(); else $('#name-ok').focus();
});

// Filters
const setFilters = () => {
  filters = Object.fromEntries($$('#filters [name]').map((f) => [f.name, f.value]).filter(([, value]) => value));
  const chips = $('#chips');
  chips.replaceChildren(...Object.entries(filters).map(([key, value]) => {
    const chip = document.createElement('button'); const field = $(`#filters [name=${key}]`);
    chip.type = 'button'; chip.className = 'chip'; chip.dataset.unset = key;
    const label = { since: words.since, until: words.until, as_of: words.as_of_label }[key];
    chip.textContent = `${label ? `${label} ` : ''}${field.selectedOptions ? field.selectedOptions[0].textContent : value} ×`;
    return chip;
  }));
  chips.hidden = !chips.children.length;
};

// Folder and model
const findArticles = async () => { const got = await call('articles', { search: $('#find').value }); if (got) $('#articles').innerHTML = got.html; };
const refreshFolder = async () => { const got = await call('folder'); if (!got) return; $('#folder-panel').innerHTML = got.html; $('#count').textContent = got.articles; options('language', got.languages, got.names); options('source', got.sources, got.sources); findArticles(); if (!$('.turn')) suggest(); };
const options = (name, values, labels) => {
  const field = $(`#filters [name=${name}]`); const was = field.value;
  field.replaceChildren(...[['', words.any], ...values.map((v, i) => [v, labels[i]])].map(([v, l]) => new Option(l, v)));
  field.value = values.includes(was) ? was : ''; field.closest('label').hidden = !values.length;
};
const reading = async () => {
  if (reading.on) return; reading.on = true;
  const bar = $('#progress'); const told = $('#reading'); bar.hidden = false;
  let got = await call('reindex');
  while (got && got.running) { bar.value = got.percent; told.textContent = fill(words.reindexing, got.percent); await new Promise((r) => setTimeout(r, 400)); got = await call('progress'); }
  bar.hidden = true; reading.on = false;
  told.textContent = got ? got.error_said || (got.said ? fill(words.reindexed, ...got.said) : '') : '';
  refreshFolder();
};
const add = async (files) => {
  if (!files.length) return;
  if (!$('#folder-dialog').open) openFolder();
  let any = false;
  for (const file of files) {
    const line = document.createElement('li'); line.textContent = `${file.name} …`; $('#added').prepend(line);
    let got = null;
    try { const up = await upload(file); got = await call('add', { path: up.path, name: file.name }); } catch (error) { got = { ok: false, said: `${file.name}: ${error.message || error}` }; }
    if (!got) { line.remove(); continue; }
    line.textContent = got.said; line.className = got.ok ? 'ok' : 'not'; any = any || got.ok;
  }
  if (any) reading();
};
const openFolder = () => { closePanels(); $('#folder-dialog').showModal(); findArticles(); };
const modelForm = () => Object.fromEntries(new FormData($('#model-form')));
const showModel = (got) => {
  const form = $('#model-form');
  for (const key of ['answerer', 'model', 'base_url', 'check', 'min_confidence']) form.elements[key].value = got[key] ?? '';
  form.elements.key.value = ''; form.elements.key.placeholder = got.key ? `•••••• (${words.key_set})` : '';
  $('#model-name').textContent = got.answerer === 'llm' ? got.model : '';
  form.classList.toggle('llm', got.answerer === 'llm');
};
const openModel = async () => { closePanels(); const got = await call('model'); if (!got) return; showModel(got); $('#model-told').textContent = ''; $('#model-dialog').showModal(); };

// What is clicked
const acts = {
  new: async () => { await openChat(id()); }, left: () => panel('left', !root.classList.contains('left-open')),
  right: () => panel('right', !root.classList.contains('right-open')), shade: closePanels, back: () => { closeReader(); const on = $('#cards .card.on .card-open'); if (on) on.focus(); },
  folder: openFolder, model: openModel, keys: () => { closePanels(); $('#keys-dialog').showModal(); }, close: (b) => b.closest('dialog').close(),
  filters: (b) => { const box = $('#filters'); box.hidden = !box.hidden; b.setAttribute('aria-expanded', String(!box.hidden)); },
  clear: () => { $$('#filters [name]').forEach((f) => { f.value = ''; }); setFilters(); },
  stop, reindex: reading, 'export-chat': (b) => openMenu(b, ''), export: (b) => openMenu(b, turnOf(b).dataset.turn),
  edit: (b) => again(turnOf(b), 'edit'), undo: (b) => again(turnOf(b), 'undo'), retry: (b) => again(turnOf(b), 'retry'),
  sources: (b) => { showCards(turnOf(b)); panel('right', true); },
  copy: async (b) => { const turn = turnOf(b); const got = await call('export', { chat, turn: turn.dataset.turn, form: 'txt' }); if (!got) return; await copy(got.text); toast(words.copied); },
  good: async (b) => { if (await call('feedback', { chat, turn: turnOf(b).dataset.turn, verdict: 'good' })) { b.setAttribute('aria-pressed', 'true'); toast(words.thanks); } },
  translate: async (b) => {
    b.disabled = true;
    const got = await call('translate', { chat, turn: b.dataset.turn, mark: Number(b.dataset.mark) });
    b.disabled = false; if (!got) return;
    const words_ = document.createElement('p'), mark = document.createElement('p');
    words_.className = 'translation'; words_.lang = got.language; words_.textContent = got.text;
    mark.className = 'meta'; mark.textContent = got.mark; b.parentElement.replaceWith(words_, mark);
  },
  bad: (b) => { const form = $('.judge', turnOf(b)); form.hidden = !form.hidden; b.setAttribute('aria-expanded', String(!form.hidden)); if (!form.hidden) $('input', form).focus(); },
  test: async () => { const told = $('#model-told'); told.className = 'told'; told.textContent = words.testing; const got = await call('test_model', modelForm()); told.textContent = got ? got.said : ''; told.className = `told ${got && got.ok ? 'ok' : 'not'}`; },
};
const copy = async (text) => {
  try { await navigator.clipboard.writeText(text); } catch {
    const box = document.createElement('textarea'); box.value = text; root.append(box); box.select(); document.execCommand('copy'); box.remove();
  }
};
root.addEventListener('click', async (event) => {
  const at = (selector) => event.target.closest(selector);
  if (!at('#menu') && !at('[aria-haspopup=menu]')) closeMenu();
  const mark = at('.mark, .card-open[data-mark]');
  if (mark) { openMark(mark.dataset.turn || turnOf(mark).dataset.turn, mark.dataset.mark, event.detail === 0); return; }
  const number = at('a.n');
  if (number) {
    event.preventDefault(); history.replaceState(null, '', number.getAttribute('href'));
    $$('.here').forEach((p) => p.classList.remove('here')); number.closest('.paragraph').classList.add('here'); toast(words.link_copied); return;
  }
  const skip = at('a.skip'); if (skip) { event.preventDefault(); $('#question').focus(); return; }
  const more = at('[data-from]');
  if (more) { await read({ file: $('.paper').dataset.file, p: Number(more.dataset.p), first: Number(more.dataset.from) }); return; }
  const file = at('[data-open]');
  if (file) { const box = at('dialog'); if (box) box.close(); select(null); await read({ file: file.dataset.open, p: Number(file.dataset.p) }, event.detail === 0); return; }
  const suggested = at('.suggested'); if (suggested) { ask(suggested.textContent); return; }
  const other = at('[data-chat]'); if (other) { openChat(other.dataset.chat); return; }
  const unset = at('[data-unset]'); if (unset) { $(`#filters [name=${unset.dataset.unset}]`).value = ''; setFilters(); return; }
  const form = at('[data-form]'); if (form) { const turn = $('#menu').dataset.turn; closeMenu(); download(form.dataset.form, turn); return; }
  const rename = at('[data-rename]');
  if (rename) {
    const title = await named(words.rename_to, $('.chat-open', rename.closest('li')).textContent);
    if (title) { const got = await call('rename', { chat: rename.dataset.rename, title }); if (got) { const now = await call('list_chats', { chat }); if (now) listChats(now); } }
    return;
  }
  const gone = at('[data-delete]');
  if (gone) {
    if (!await named(words.delete_sure, null)) return;
    const got = await call('delete', { chat: gone.dataset.delete, current: chat });
    if (got && gone.dataset.delete === chat) openChat(id()); else if (got) listChats(got);
    return;
  }
  const act = at('[data-do]'); if (act && acts[act.dataset.do]) acts[act.dataset.do](act);
});
root.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (event.target.id === 'composer') { const box = $('#question'); if (live) return; const question = box.value; box.value = ''; size(); ask(question); }
  if (event.target.id === 'name-form') $('#name-dialog').close('ok');
  if (event.target.id === 'model-form') { const got = await call('set_model', modelForm()); if (got) { showModel(got); $('#model-dialog').close(); toast(words.saved); } }
  if (event.target.matches('.judge')) {
    const turn = turnOf(event.target); const verdict = $('input[type=radio]:checked', event.target).value;
    if (await call('feedback', { chat, turn: turn.dataset.turn, verdict, note: $('[name=note]', event.target).value })) { event.target.hidden = true; const bad = $('[data-do=bad]', turn); bad.setAttribute('aria-pressed', 'true'); bad.setAttribute('aria-expanded', 'false'); bad.focus(); toast(words.thanks); }
  }
});
root.addEventListener('input', (event) => {
  if (event.target.id === 'question') size();
  if (event.target.closest('#filters')) setFilters();
  if (event.target.id === 'find') { clearTimeout(findArticles.timer); findArticles.timer = setTimeout(findArticles, 200); }
  if (event.target.name === 'answerer') $('#model-form').classList.toggle('llm', event.target.value === 'llm');
});
root.addEventListener('change', (event) => { if (event.target.id === 'files') { const files = [...event.target.files]; event.target.value = ''; add(files); } });
for (const kind of ['dragenter', 'dragover']) root.addEventListener(kind, (event) => { if ([...event.dataTransfer.types].includes('Files')) { event.preventDefault(); root.classList.add('dropping'); } });
for (const kind of ['dragleave', 'drop', 'dragend']) root.addEventListener(kind, (event) => { if (kind !== 'dragleave' || !event.relatedTarget) root.classList.remove('dropping'); });
root.addEventListener('drop', (event) => { if (event.dataTransfer.files.length) { event.preventDefault(); add([...event.dataTransfer.files]); } });
document.addEventListener('keydown', (event) => {
  const typing = event.target.matches && event.target.matches('input, textarea, select');
  if (event.target.id === 'question' && event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); $('#composer').requestSubmit(); return; }
  const menu = $('#menu');
  if (menu && !menu.hidden && ['ArrowDown', 'ArrowUp'].includes(event.key)) {
    event.preventDefault(); const all = $$('button:not([hidden])', menu); const at = all.indexOf(document.activeElement);
    all[(at + (event.key === 'ArrowDown' ? 1 : all.length - 1)) % all.length].focus(); return;
  }
  if ($('dialog[open]') || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Escape') {
    if (menu && !menu.hidden) closeMenu();
    else if (root.classList.contains('left-open') || root.classList.contains('right-open')) closePanels();
    else if (live) stop();
    else if (!$('#reader').hidden) closeReader();
    else if (typing) event.target.blur();
    return;
  }
  if (typing) return;
  const keys = { '/': () => $('#question').focus(), n: () => step(1), j: () => step(1), p: () => step(-1), k: () => step(-1), '?': () => $('#keys-dialog').showModal() };
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
});
watch('value', () => arrived(props.value));
addEventListener('beforeprint', () => $$('#turns details').forEach((d) => { d.open = true; }));

const begin = async () => {
  const got = await call('start', { chat });
  if (!got) { root.innerHTML = '<p class="empty">qa</p>'; setTimeout(begin, 2000); return; }
  words = got.words;
  document.documentElement.lang = words.code;
  root.innerHTML = got.html;
  showChat(got);
  call('model').then((chosen) => { if (chosen) showModel(chosen); });
  const asked = new URLSearchParams(location.search);
  if (asked.get('article')) read({ file: asked.get('article'), p: Number(asked.get('p')) || 1 });
  else $('#question').focus({ preventScroll: true });
  root.dataset.ready = 'yes';
};
begin();
