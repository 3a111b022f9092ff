// Asking a question again, editing it in its place, its versions, taking it out and putting it back.
const retry = (turn) => ask($('.asked-words', turn).textContent, turn);
const openEdit = (turn, text) => {
  if (!turn || live) return;
  $$('form.edit').forEach(closeEdit);
  const form = fragment($('#edit-turn').innerHTML).firstElementChild;
  const box = $('textarea', form);
  const after = $$('#turns > .turn').length - $$('#turns > .turn').indexOf(turn) - 1;
  box.value = text || $('.asked-words', turn).textContent;
  $('.edit-cuts', form).textContent = after > 1 ? fill(words.edit_cuts, after) : after ? words.edit_cuts_one : '';
  $('.asked', turn).hidden = true;
  $('.asked', turn).after(form);
  showCards(turn);
  editSize(box);
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
};
const editSize = (box) => {
  box.style.height = 'auto';
  box.style.height = `${Math.min(box.scrollHeight + 2, 240)}px`;
};
const closeEdit = (form) => {
  const turn = turnOf(form);
  form.remove();
  $('.asked', turn).hidden = false;
  const edit = $('[data-do=edit]', turn);
  if (edit) edit.focus();
};
const sendEdit = (form) => {
  const text = $('textarea', form).value;
  const turn = turnOf(form);
  if (live || !fits(text.trim())) return;
  closeEdit(form);
  ask(text, turn, true);
};
const showVersion = async (turn, number) => {
  if (live || !await call('switch', { chat, turn, number })) return;
  notice('');
  await sync();
  tell();
};
const turnPage = async (button) => {
  const place = $$('#turns > .turn').indexOf(turnOf(button));
  const by = button.dataset.do;
  await showVersion(turnOf(button).dataset.turn, Number(button.dataset.to));
  const now = $$('#turns > .turn')[place];
  const next = now && ($(`[data-do=${by}]:not(:disabled)`, now) || $('.pager button:not(:disabled)', now));
  if (next) next.focus();
};
const offerVersion = (run) => {
  const pager = $('.pager', turnBy(run.turn));
  const before = pager ? Number(pager.dataset.now) - 1 : 0;
  notice(fill(words.set_by, before), words.undo_it, () => showVersion(run.turn, before));
};
const take = async (turn) => {
  if (live || !await call('take', { chat, turn: turn.dataset.turn })) return;
  await sync();
  tell();
  $('#notice button').focus({ preventScroll: true });
};
const offerRestore = () => notice(words.taken_out, words.undo_it, async () => {
  if (!await call('restore', { chat })) return;
  await sync();
  tell();
});
