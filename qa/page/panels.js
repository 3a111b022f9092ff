// Panels that slide, the menu, the small dialog, filters, what is saved to a file.
const slim = () => matchMedia('(max-width: 1099px)').matches;
const panel = (side, open) => {
  if (side === 'right' && !slim()) return;
  const was = root.classList.contains(`${side}-open`);
  if (open && !was) {
    root.classList.remove('left-open', 'right-open');
    opener = document.activeElement;
  }
  root.classList.toggle(`${side}-open`, open);
  $('#shade').hidden = !(root.classList.contains('left-open') || root.classList.contains('right-open'));
  if (open && !was) {
    const to = $(`.${side} button:not([hidden])`);
    if (to) to.focus({ preventScroll: true });
  }
  if (!open && was && opener && opener.isConnected) opener.focus({ preventScroll: true });
};
const closePanels = () => {
  panel('left', false);
  panel('right', false);
};
const openMenu = (button, turn) => {
  const menu = $('#menu');
  const place = button.getBoundingClientRect();
  menu.dataset.turn = turn || '';
  menu.hidden = false;
  const up = place.bottom + menu.offsetHeight + 8 > innerHeight;
  const left = Math.min(place.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8);
  menu.style.left = `${Math.max(8, left)}px`;
  menu.style.top = `${up ? place.top - menu.offsetHeight - 4 : place.bottom + 4}px`;
  menu.opener = button;
  button.setAttribute('aria-expanded', 'true');
  $('button[data-form=print]', menu).hidden = Boolean(turn);
  $('button', menu).focus();
};
const closeMenu = () => {
  const menu = $('#menu');
  if (menu.hidden) return;
  menu.hidden = true;
  if (menu.opener) {
    menu.opener.setAttribute('aria-expanded', 'false');
    menu.opener.focus();
  }
};
const download = async (form, turn) => {
  if (form === 'print') { window.print(); return; }
  const got = await call('export', { chat, form, turn });
  if (!got) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([got.text], { type: `${got.type};charset=utf-8` }));
  link.download = got.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};
const named = (title, value, does) => new Promise((answer) => { // a new title, or only yes or no; what the button does
  const box = $('#name-dialog');
  const field = $('#name-field');
  $('#name-head').textContent = title;
  $('#name-ok').textContent = does;
  field.hidden = value === null;
  field.value = value || '';
  box.returnValue = '';
  const end = () => {
    box.removeEventListener('close', end);
    answer(box.returnValue === 'ok' ? (value === null ? true : field.value) : null);
  };
  box.addEventListener('close', end);
  box.showModal();
  if (value !== null) field.select();
  else $('#name-ok').focus();
});
const setFilters = () => {
  filters = Object.fromEntries($$('#filters [name]').map((f) => [f.name, f.value]).filter(([, value]) => value));
  const chips = $('#chips');
  chips.replaceChildren(...Object.entries(filters).map(([key, value]) => {
    const chip = document.createElement('button');
    const field = $(`#filters [name=${key}]`);
    chip.type = 'button';
    chip.className = 'chip';
    chip.dataset.unset = key;
    const label = { since: words.since, until: words.until, as_of: words.as_of_label }[key];
    const shown = field.selectedOptions ? field.selectedOptions[0].textContent : value;
    chip.textContent = `${label ? `${label} ` : ''}${shown} ×`;
    return chip;
  }));
  chips.hidden = !chips.children.length;
};
