// What is typed, chosen, scrolled and dropped, and the keys that do something anywhere on the page.
const soon = (act) => () => {
  clearTimeout(act.timer);
  act.timer = setTimeout(act, 200);
};
const searchArticles = soon(findArticles);
const searchChats = soon(findChats);
root.addEventListener('input', ({ target }) => {
  if (target.id === 'question') {
    size();
    remember(`qa-draft-${chat}`, target.value);
  }
  if (target.matches('form.edit textarea')) editSize(target);
  if (target.closest('#filters')) setFilters();
  if (target.id === 'find') searchArticles();
  if (target.id === 'find-chat') searchChats();
  if (target.name === 'answerer') $('#model-form').classList.toggle('llm', target.value === 'llm');
});
root.addEventListener('change', ({ target }) => {
  if (target.id === 'files') {
    const files = [...target.files];
    target.value = '';
    add(files);
  }
});
const look = () => {
  inView.due = inView.due || requestAnimationFrame(() => {
    inView.due = 0;
    inView();
  });
};
root.addEventListener('scroll', (event) => { if (event.target.id === 'scroll') look(); }, true); // it does not bubble
const files = (event) => [...event.dataTransfer.types].includes('Files');
for (const kind of ['dragenter', 'dragover']) {
  root.addEventListener(kind, (event) => {
    if (files(event)) {
      event.preventDefault();
      root.classList.add('dropping');
    }
  });
}
for (const kind of ['dragleave', 'drop', 'dragend']) {
  root.addEventListener(kind, (event) => {
    if (kind !== 'dragleave' || !event.relatedTarget) root.classList.remove('dropping');
  });
}
root.addEventListener('drop', (event) => {
  if (event.dataTransfer.files.length) {
    event.preventDefault();
    add([...event.dataTransfer.files]);
  }
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
    event.preventDefault();
    event.target.form.requestSubmit();
    return;
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
  if (!typing && SHORT[event.key]) {
    event.preventDefault();
    SHORT[event.key]();
  }
});
