// What a mark or a word is about, beside it, while the pointer is on it or the keyboard: the cited sentence inside its
// paragraph, or an explanation. All of it stands in the page already (escaped, in <template class="peek">); an answer
// that was kept by an earlier version has no paragraph with it, and that one is read.
const peekBox = document.createElement('div');
peekBox.className = 'peek-box';
peekBox.id = 'peek';
peekBox.setAttribute('role', 'tooltip');
peekBox.hidden = true;
let peekAt = null; // the node that is explained
let peekKey = ''; // the last key: stepping through the citations opens each in the reader, which shows more
const peekSource = (at) => {
  if (!at.matches('.mark')) return at.parentElement.querySelector('template.peek');
  const cards = $('template.cards', turnOf(at));
  return cards && cards.content.querySelector(`.card[data-mark="${CSS.escape(at.dataset.mark)}"] template.peek`);
};
const peekParagraph = async (at) => { // the paragraph of a citation that was kept without it
  const got = await call('article', { chat, turn: turnOf(at).dataset.turn, mark: Number(at.dataset.mark) });
  const words_ = got && fragment(got.html).querySelector('.here .text');
  if (!words_ || peekAt !== at || $('.peek-words', peekBox)) return;
  words_.className = 'peek-words';
  $('.peek-head', peekBox).after(words_);
  placePeek(at);
};
const placePeek = (at) => {
  const mark = at.getBoundingClientRect();
  const page = root.getBoundingClientRect();
  const room = peekBox.offsetHeight + 10;
  const above = mark.bottom + room > innerHeight && mark.top > room;
  peekBox.style.left = `${Math.max(8, Math.min(mark.left - page.left - 24, page.width - peekBox.offsetWidth - 8))}px`;
  peekBox.style.top = `${Math.max(8, (above ? mark.top - peekBox.offsetHeight - 6 : mark.bottom + 6) - page.top)}px`;
  const inner = $('.peek-words', peekBox);
  const cited = inner && $('mark', inner);
  if (cited) inner.scrollTop += cited.getBoundingClientRect().top - inner.getBoundingClientRect().top - 40;
};
const peek = (at) => {
  const source = peekSource(at);
  if (!source || peekAt === at) return;
  peekAway();
  peekAt = at;
  if (peekBox.parentElement !== root) root.append(peekBox);
  peekBox.replaceChildren(source.content.cloneNode(true));
  peekBox.hidden = false;
  at.setAttribute('aria-describedby', 'peek');
  placePeek(at);
  if (at.matches('.mark') && !$('.peek-words', peekBox)) peekParagraph(at);
};
const peekAway = () => {
  clearTimeout(peek.timer);
  if (peekAt) peekAt.removeAttribute('aria-describedby');
  peekAt = null;
  peekBox.hidden = true;
};
const peekable = (node) => node.closest && node.closest('#turns .mark, #turns [data-explained]');
root.addEventListener('pointerover', (event) => {
  if (event.pointerType === 'touch') return;
  const at = peekable(event.target);
  if (at === peekAt || peekBox.contains(event.target)) { clearTimeout(peek.timer); return; }
  clearTimeout(peek.timer);
  peek.timer = setTimeout(() => (at ? peek(at) : peekAway()), at ? 120 : 250);
});
root.addEventListener('pointerleave', () => {
  clearTimeout(peek.timer);
  peek.timer = setTimeout(peekAway, 250);
});
root.addEventListener('focusin', (event) => {
  const at = peekable(event.target);
  if (at && at.matches(':focus-visible') && !['n', 'p', 'j', 'k'].includes(peekKey)) peek(at);
  else if (!peekBox.contains(event.target)) peekAway();
});
root.addEventListener('click', (event) => {
  const at = event.target.closest('[data-explained]');
  if (at) peek(at);
  else if (!peekBox.contains(event.target)) peekAway();
});
root.addEventListener('scroll', (event) => { if (!peekBox.contains(event.target)) peekAway(); }, true);
document.addEventListener('keydown', (event) => {
  peekKey = event.key;
  if (event.key === 'Escape' && peekAt) {
    event.stopImmediatePropagation();
    peekAway();
  }
}, true);
