// The brief: a pin on each sentence, and the dialog of pinned sentences. Runs last, in the others' scope.
let pinned = new Set();
const pinOf = (button) => JSON.stringify([turnOf(button).dataset.turn, button.value]);
const showPins = () => $$('#turns .pin').forEach((b) => b.setAttribute('aria-pressed', String(pinned.has(pinOf(b)))));
const pinsCame = (got) => {
  if (!got || !$('#brief-count')) return;
  pinned = new Set(got.pinned.map((one) => JSON.stringify(one)));
  $('#brief-count').textContent = got.pinned.length || '';
  showPins();
};
const loadPins = async () => pinsCame(await call('pins'));
const briefBox = () => {
  let box = $('#brief-dialog');
  if (!box) {
    box = document.createElement('dialog');
    box.id = 'brief-dialog';
    box.setAttribute('aria-labelledby', 'brief-head');
    root.append(box);
  }
  return box;
};
const drawBrief = async () => {
  const got = await call('brief');
  if (!got) return false;
  briefBox().innerHTML = got.html;
  pinsCame(got);
  return true;
};
const saveNote = (box) => {
  clearTimeout(box.waiting);
  return call('note_pin', { pin: box.closest('[data-pin]').dataset.pin, note: box.value });
};
const movePin = async (button, by) => {
  const item = button.closest('[data-pin]');
  const other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  if (by < 0) other.before(item);
  else other.after(item);
  button.focus();
  item.scrollIntoView({ block: 'nearest' });
  const told = $('#brief-said');
  told.textContent = fill(told.dataset.moved, [...item.parentElement.children].indexOf(item) + 1);
  if (!await call('move_pin', { pin: item.dataset.pin, by })) drawBrief();
};
Object.assign(acts, {
  api: () => { // Gradio's own panel
    closePanels();
    const shown = document.querySelector('.show-api');
    if (shown) shown.click();
  },
  pin: async (b) => {
    const got = await call('pin', { chat, turn: turnOf(b).dataset.turn, text: b.value });
    if (got) {
      pinsCame(got);
      toast(got.said);
    }
  },
  brief: async () => {
    closePanels();
    if (await drawBrief()) briefBox().showModal();
  },
  'brief-up': (b) => movePin(b, -1), 'brief-lower': (b) => movePin(b, 1),
  'brief-drop': async (b) => {
    const item = b.closest('[data-pin]');
    const at = [...item.parentElement.children].indexOf(item);
    if (!await call('drop_pin', { pin: item.dataset.pin }) || !await drawBrief()) return;
    const left = $$('#brief-dialog [data-do=brief-drop]');
    (left[Math.min(at, left.length - 1)] || $('#brief-dialog [data-do=close]')).focus();
  },
  'brief-export': async (b) => {
    const waiting = $$('#brief-dialog .brief-note textarea').filter((box) => box.waiting).map(saveNote);
    await Promise.all(waiting);
    const got = await call('export_brief', { form: b.value, page: location.href.split(/[?#]/)[0] });
    if (!got) return;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(
      new Blob([Uint8Array.from(atob(got.base64), (c) => c.charCodeAt(0))], { type: got.type }),
    );
    link.download = got.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  },
});
root.addEventListener('input', (event) => {
  const box = event.target.closest('.brief-note textarea');
  if (box) {
    clearTimeout(box.waiting);
    box.waiting = setTimeout(() => saveNote(box), 500);
  }
});
root.addEventListener('change', (event) => {
  if (event.target.closest('.brief-note textarea')) saveNote(event.target);
});
document.addEventListener('visibilitychange', () => { // another tab may have pinned
  if (!document.hidden && root.dataset.ready) loadPins();
});
let pinsAsked = false;
new MutationObserver(() => { // turns are drawn anew by many hands: whatever came, its pins say what is pinned
  if (!pinsAsked && $('#brief-count')) {
    pinsAsked = true;
    loadPins();
  } else showPins();
}).observe(root, { childList: true, subtree: true });
