// The page's beginning.
watch('value', () => arrived(props.value));
addEventListener('beforeprint', () => $$('#turns details').forEach((d) => { d.open = true; }));

const begin = async () => {
  const asked = addressed();
  const named_ = [asked.chat, asked.q ? '' : remembered('qa-chat')].find((name) => NAME.test(name || '')) || id();
  const got = await call('start', { chat: named_ });
  if (!got) {
    root.textContent = words.offline || '';
    setTimeout(begin, 2000);
    return;
  }
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
  if (asked.q && fits(asked.q.trim())) ask(asked.q);
  else if (asked.q) write(asked.q);
};
begin();
