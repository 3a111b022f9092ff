// What a click does, and what is sent with a form.
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
  back: () => {
    leaveReader();
    const on = $('#cards .card.on .card-open');
    if (on) on.focus();
  },
  folder: openFolder,
  choose: () => {
    openFolder();
    $('#files').click();
  },
  model: openModel,
  keys: () => {
    closePanels();
    $('#keys-dialog').showModal();
  },
  leave: async () => {
    const place = location.pathname.replace(/\/?$/, '/logout');
    await fetch(place, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' });
    location.reload();
  },
  close: (b) => b.closest('dialog').close(),
  filters: (b) => {
    const box = $('#filters');
    box.hidden = !box.hidden;
    b.setAttribute('aria-expanded', String(!box.hidden));
    if (!box.hidden) $('input', box).focus();
  },
  clear: () => {
    $$('#filters [name]').forEach((f) => { f.value = ''; });
    setFilters();
  },
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
  sources: (b) => {
    closeReader();
    showCards(turnOf(b));
    panel('right', true);
  },
  copy: async (b) => {
    const got = await call('export', { chat, turn: turnOf(b).dataset.turn, form: 'txt' });
    if (got) {
      await copy(got.text);
      toast(words.copied);
    }
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
  ['[data-unset]', (at) => {
    $(`#filters [name=${at.dataset.unset}]`).value = '';
    setFilters();
  }],
  ['[data-form]', (at) => {
    const { turn } = $('#menu').dataset;
    closeMenu();
    download(at.dataset.form, turn);
  }],
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
  composer: () => {
    const box = $('#question');
    if (ask(box.value)) write('');
  },
  'name-form': () => $('#name-dialog').close('ok'),
  'model-form': async () => {
    const got = await call('set_model', modelForm());
    if (got) {
      showModel(got);
      $('#model-dialog').close();
      toast(words.saved);
    }
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
