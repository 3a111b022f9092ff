// Asking: the question goes to the top, the answer grows under it; what happens when the server does not answer.
const busy = (yes) => {
  $('.send[type=submit]').hidden = yes;
  $('.stop').hidden = !yes;
};
const size = () => {
  const box = $('#question');
  box.style.height = 'auto';
  box.style.height = `${Math.min(box.scrollHeight, 180)}px`;
};
const write = (text) => {
  $('#question').value = text;
  remember(`qa-draft-${chat}`, text);
  size();
};
const fits = (question) => { // whether it can be asked; says why not
  if ([...question].length <= limit) return Boolean(question);
  toast(fill(words.too_long, limit, [...question].length));
  return false;
};
const ask = (asked, instead = null, cut = false) => { // instead: the turn whose place it takes, cut: with all after it
  const question = asked.trim();
  if (live || !fits(question)) return false;
  live = { run: id(), turn: null, question, instead: instead && instead.dataset.turn, cut, stash: null };
  busy(true);
  notice('');
  $('#welcome').replaceChildren();
  const waiting = fragment($('#waiting-turn').innerHTML).firstElementChild;
  waiting.id = 'waiting';
  $('.question', waiting).textContent = question;
  $('.stage', waiting).append(words.searching);
  if (instead) putInstead(instead, waiting);
  else $('#turns').append(waiting);
  if (!waiting.nextElementSibling) lift(waiting);
  closeReader();
  showCards(waiting);
  trigger('asked', { browser, language, chat, question, run: live.run, as_of: filters.as_of || '', filters,
    instead_of: live.instead || '', cut });
  watchServer(live);
  return true;
};
const putInstead = (old, waiting) => { // what is set aside is kept until the server has the question
  const after = live.cut ? $$('#turns > .turn').slice($$('#turns > .turn').indexOf(old) + 1) : [];
  live.stash = [old, ...after];
  old.before(waiting);
  live.stash.forEach((turn) => turn.remove());
};
const ABOVE = 12; // px between the top and a question that was just asked; chat.css has it too
const lift = (turn) => { // the question goes to the top and stays there; only the newest turn keeps a screen's height
  const scroll = $('#scroll');
  $$('.turn.last').forEach((t) => t.classList.remove('last'));
  turn.classList.add('last', 'lifted');
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  scroll.scrollTo({ top: turn.offsetTop - ABOVE, behavior: still ? 'auto' : 'smooth' });
};
const grow = (old, html) => { // puts in what is new and leaves what stands there alone
  const made = fragment(html).firstElementChild;
  const said = $('.said', old);
  const next = $('.said', made);
  if (said && next) {
    [...next.children].slice(said.children.length).forEach((c) => {
      c.classList.add('fresh');
      said.append(c, ' ');
    });
  }
  const stage = $('.stage', old);
  const told = $('.stage', made);
  if (stage && told && stage.textContent !== told.textContent) stage.replaceWith(told);
};
const arrived = (got) => {
  if (!got || !got.run) return;
  if (!live || got.run !== live.run) { // its turn was given up here, and the server has it all the same
    if (got.done && got.chat === chat) sync([got.turn]);
    return;
  }
  if (got.error) { failed(got.error); return; }
  if (got.told) toast(got.told);
  const first = !live.turn;
  live.turn = got.turn;
  const waiting = $('#waiting');
  if (waiting && turnBy(got.turn)) turnBy(got.turn).remove(); // another tab's word of it came first
  const old = waiting || turnBy(got.turn);
  if (!old) return;
  if (waiting || got.done) {
    const made = fragment(got.html).firstElementChild;
    keepPlace(old, made);
    old.replaceWith(made);
  } else grow(old, got.html);
  if (first) begun(live);
  if (got.done) ended(got);
};
const begun = (run) => {
  go(here(), {}, true);
  findChats();
  $('#export').disabled = false;
  tell();
  run.aside = run.cut && run.stash && run.stash.length > 1;
  run.stash = null;
};
const ended = (got) => {
  const shown = turnBy(got.turn);
  const run = live;
  live = null;
  busy(false);
  listChats(got);
  tell([got.turn]);
  if (run.aside) offerVersion(run);
  if (shown.classList.contains('shown') || shown.classList.contains('last')) showCards(shown);
  else inView(true);
  if (document.activeElement === document.body) $('#question').focus();
};
const stop = async () => {
  if (live && live.turn) await call('stop', { turn: live.turn });
  else if (live) failed('');
};

// When the server does not answer
const reach = () => send('pulse', { turn: (live && live.turn) || '' }, 8000);
const UNTAKEN = 10; // looks at a server with room, some 25 s, until a question of which it says nothing is given back
const watchServer = async (run) => {
  for (let missed = 0, over = 0, untaken = 0; live === run;) {
    await pause(missed ? 1000 : 2500);
    if (live !== run) return;
    const got = await reach();
    if (live !== run) return;
    missed = got ? 0 : missed + 1;
    over = got && run.turn && !got.running ? over + 1 : 0;
    if (missed > 1 || (got && got.server !== started)) { lost(run); return; }
    untaken = got && !run.turn && !got.full ? untaken + 1 : 0;
    if (untaken > UNTAKEN) { notTaken(); return; }
    if (over > 2) { // it ended, and no word of it came
      live = null;
      busy(false);
      sync([run.turn]);
      return;
    }
  }
};
const notTaken = async () => { // Gradio did not pass the question on: its queue is full, or it failed
  const run = live;
  const got = await reach();
  if (live === run) failed(got && got.full ? words.crowded : words.went_wrong);
};
const failed = (why) => { // the question was not taken: it stays where it can be sent again
  const { question, instead, stash, cut } = live;
  const waiting = $('#waiting');
  live = null;
  busy(false);
  if (waiting && stash) waiting.before(...stash);
  if (waiting) waiting.remove();
  notice(why);
  if (cut) openEdit(turnBy(instead), question);
  else if (!instead) write(question);
  if (!$('.turn')) suggest();
};
const lost = async (run) => {
  const began = turnBy(run.turn);
  if (began) {
    live = null;
    busy(false);
    notice(words.lost);
    const stage = $('.stage', began);
    if (stage) stage.remove();
    began.classList.remove('live');
    if (began.classList.contains('shown')) $('#cards').replaceChildren(head(began));
    if (!run.instead) giveBack(run.question);
  } else { failed(words.lost); }
  remember('qa-lost', JSON.stringify({ chat, question: run.question }));
  toast(words.lost);
  for (let there = null; !there; there = await reach()) await pause(2000);
  started = (await reach() || {}).server || started;
  await sync(run.turn ? [run.turn] : []);
};
const giveBack = (question) => {
  const draft = $('#question').value;
  write(draft ? `${question}\n${draft}` : question);
};
const settle = () => { // the server is back: where it has the question, the box need not keep it
  const before = remembered('qa-lost');
  if (!before) return;
  const asked = JSON.parse(before);
  const turns = $$('.turn .asked-words');
  if (asked.chat !== chat) return;
  const kept = turns.length && turns[turns.length - 1].textContent.trim() === asked.question;
  if (kept && $('#question').value.trim() === asked.question) write('');
  remember('qa-lost', '');
};
