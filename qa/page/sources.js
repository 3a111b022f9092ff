// The right side: the sources of the answer in view under its question, and the article that is read.
const head = (turn) => { // whose sources these are
  const p = document.createElement('p');
  p.className = 'cards-of';
  p.dir = 'auto';
  const label = document.createElement('span');
  label.className = 'unseen';
  label.textContent = `${words.sources_of}: `;
  p.append(label, ($('.asked-words', turn) || $('.question', turn)).textContent.trim());
  return p;
};
const emptyCards = async (said, turn) => { // nothing is cited: what there is to read
  if (!turn) $$('.turn.shown').forEach((t) => t.classList.remove('shown'));
  const p = document.createElement('p');
  p.className = 'empty';
  p.textContent = said || words.no_sources;
  const first = turn ? [head(turn), p] : [p];
  $('#cards').replaceChildren(...first);
  if ((turn && turn.matches('.live')) || $('#count').textContent === '0') return;
  const got = await call('articles');
  if (!got || !p.isConnected) return;
  const list = document.createElement('div');
  list.className = 'articles';
  list.innerHTML = got.html;
  const title = document.createElement('h3');
  title.className = 'list-head';
  title.textContent = words.folder_articles;
  $('#cards').replaceChildren(...first, title, list);
};
const showCards = (turn) => {
  if (!turn) return;
  const cards = $('template.cards', turn);
  $$('.turn.shown').forEach((t) => t.classList.remove('shown'));
  turn.classList.add('shown');
  if (cards && $('.card', cards.content)) {
    $('#cards').replaceChildren(head(turn), cards.content.cloneNode(true));
    $$('#cards .card[data-mark]').forEach(citable);
    if (current && current.turn === turn.dataset.turn) select(current.turn, current.mark);
  } else if (turn.matches('.live')) emptyCards(words.searching, turn);
  else emptyCards(cards ? cards.content.textContent.trim() : '', turn);
  $('#cards').scrollTop = 0;
};
const citable = (card) => { // a button that copies the citation
  const foot = $('.foot-meta', card) || $('.card-body', card);
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'also cite';
  button.dataset.do = 'cite';
  button.textContent = words.cite;
  foot.append(button);
};
const inView = (anew) => { // the panel follows what is read: at the top the first turn, at the bottom the last
  const scroll = $('#scroll');
  const turns = $$('#turns > .turn');
  if (!turns.length) return;
  const area = scroll.getBoundingClientRect();
  const most = scroll.scrollHeight - scroll.clientHeight;
  const line = area.top + area.height * (most > 0 ? Math.min(1, scroll.scrollTop / most) : 1) - 1;
  const turn = turns.find((t) => t.getBoundingClientRect().bottom >= line) || turns[turns.length - 1];
  if (anew || !turn.classList.contains('shown')) showCards(turn);
};
const outOfSight = () => { // whether the turn whose sources are shown cannot be seen
  const shown = $('.turn.shown');
  const area = $('#scroll').getBoundingClientRect();
  const at = shown && shown.getBoundingClientRect();
  return !at || at.bottom < area.top || at.top > area.bottom;
};
const closeReader = () => {
  $('#reader').hidden = true;
  $('#cards').hidden = false;
  $('#back').hidden = true;
  $('#right-title').hidden = false;
};
const leaveReader = () => {
  if ($('#reader').hidden) return;
  closeReader();
  go();
};
const select = (turn, mark) => {
  $$('.mark.on, .card.on').forEach((m) => m.classList.remove('on'));
  current = turn ? { turn, mark: String(mark) } : null;
  const node = turn && turnBy(turn);
  if (!node) return;
  if (!node.classList.contains('shown') && $('template.cards', node)) showCards(node);
  const same = `[data-mark="${CSS.escape(String(mark))}"]`;
  [...$$(`.mark${same}`, node), ...$$(`#cards .card${same}`)].forEach((m) => m.classList.add('on'));
};
const read = async (sent, focus, quiet) => { // quiet: the address has it already
  const got = await call('article', sent);
  if (!got) return null;
  const reader = $('#reader');
  reader.innerHTML = got.html;
  reader.hidden = false;
  $('#cards').hidden = true;
  $('#back').hidden = false;
  $('#right-title').hidden = true;
  panel('right', true);
  const at = $('.here', reader);
  const spot = $('mark', reader) || (sent.p > 1 || sent.mark ? at : null);
  if (spot) centre(spot, reader);
  else reader.scrollTop = 0;
  if (focus) reader.focus({ preventScroll: true });
  if (!quiet && got.file) go({ ...here(), article: got.file, p: at && at.dataset.p }, { read: sent });
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
  const isCurrent = (m) => m && current && turnOf(m).dataset.turn === current.turn && m.dataset.mark === current.mark;
  let at = all.findIndex(isCurrent);
  if (at !== -1 && by > 0) while (isCurrent(all[at + 1])) at += 1;
  let to = at + by;
  if (at === -1) {
    const shown = $$('.turn.shown .mark');
    to = shown.length ? all.indexOf(by > 0 ? shown[0] : shown[shown.length - 1]) : 0;
  }
  const mark = all[Math.min(Math.max(to, 0), all.length - 1)];
  mark.scrollIntoView({ block: 'nearest' });
  mark.focus({ preventScroll: true });
  openMark(turnOf(mark).dataset.turn, mark.dataset.mark, false);
};
const cite = async (button) => {
  const { turn, mark } = button.closest('.card').dataset;
  const got = await call('cite', { chat, turn, mark: Number(mark) });
  if (!got) return;
  const link = new URL(address({ chat, article: got.file, p: got.paragraph }), location.href).href;
  await copy(`${got.text}\n${link}`);
  toast(words.cited);
};
const translate = async (button) => {
  button.disabled = true;
  const got = await call('translate', { chat, turn: button.dataset.turn, mark: Number(button.dataset.mark) });
  button.disabled = false;
  if (!got) return;
  const said = document.createElement('p');
  const mark = document.createElement('p');
  said.className = 'translation';
  said.lang = got.language;
  said.textContent = got.text;
  mark.className = 'meta';
  mark.textContent = got.mark;
  button.parentElement.replaceWith(said, mark);
};
