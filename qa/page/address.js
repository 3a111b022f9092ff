// Everything has an address: ?chat= opens a chat, ?q= asks, ?article= and &p= open an article; Back and Forward work.
const OURS = ['chat', 'q', 'article', 'p'];
const addressed = () => Object.fromEntries(new URLSearchParams(location.search));
const address = (wanted) => {
  const all = new URLSearchParams(location.search);
  OURS.forEach((key) => all.delete(key));
  Object.entries(wanted).forEach(([key, value]) => { if (value) all.set(key, value); });
  return all.toString() ? `${location.pathname}?${all}` : location.pathname;
};
const here = () => ($('.turn') ? { chat } : {}); // an empty chat has no address yet
const go = (wanted = here(), kept = {}, replace = false) => {
  const to = address(wanted);
  const same = to === location.pathname + location.search;
  history[same || replace ? 'replaceState' : 'pushState']({ chat, ...kept }, '', to);
};
const goBack = async () => { // what the address says now is shown
  const asked = addressed();
  const kept = history.state || {};
  const to = NAME.test(asked.chat || '') ? asked.chat : kept.chat;
  if (to && to !== chat && NAME.test(to)) await openChat(to, true);
  if (kept.read) await read(kept.read, false, true);
  else if (asked.article) await read({ file: asked.article, p: Number(asked.p) || 1 }, false, true);
  else {
    closeReader();
    panel('right', false);
  }
};
addEventListener('popstate', () => { if (root.dataset.ready) goBack(); });
