// The page: shows what the server says is so, and sends what the customer says.

import { get, keyFor, post } from "./api.js";
import { button, cup, element, fill, orderCard } from "./pieces.js";
import { EXAMPLES, WORDS } from "./words.js";

const at = (id) => document.getElementById(id);
const mine = { orders: [], vouchers: [], turns: [], open: null, invite: "", invited: 0 };
let menu = { products: [], toppings: [] };
let heard = null;
let language = localStorage.getItem("tea-shop-language") === "en" ? "en" : "zh";
let underWay = 0;

const words = () => WORDS[language];
const say = (text) => text[language];

// --- what is shown ---------------------------------------------------------------------------------------------

function showWords() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = words().title;
  for (const piece of document.querySelectorAll("[data-t]")) piece.textContent = words()[piece.dataset.t];
  for (const piece of document.querySelectorAll("[data-placeholder]")) piece.placeholder = words()[piece.dataset.placeholder];
  at("language").textContent = language === "zh" ? "English" : "中文";
  at("language").lang = language === "zh" ? "en" : "zh-CN";
  at("tabs").setAttribute("aria-label", words().pages);
  at("link").setAttribute("aria-label", words().link);
  showTheme();
}

function showMenu() {
  fill(at("drinks"), menu.products, (product) => {
    const chinese = element("span", { lang: "zh-CN" }, product.name);
    const english = element("span", { lang: "en" }, product.en);
    const [name, other] = language === "zh" ? [chinese, english] : [english, chinese];
    name.className = "name";
    other.className = "other";
    const order = button(words().order, () => speak(`来一杯${product.name}`));
    order.setAttribute("aria-label", `${words().order} ${name.textContent}`);
    return element("li", { class: "drink" }, cup(product.colour), name, other,
      element("span", { class: "price" }, product.price), order);
  });
  fill(at("toppings"), menu.toppings, (topping) =>
    element("li", {}, `${language === "zh" ? topping.name : topping.en} ${topping.price}`));
}

function showMine() {
  fill(at("orders"), mine.orders, (order) => element("li", {}, orderCard(order, words(), say)),
    () => element("li", { class: "hint" }, words().noOrders));
  fill(at("vouchers"), mine.vouchers, (voucher) =>
    element("li", { class: voucher.used ? "voucher spent" : "voucher" },
      element("strong", {}, voucher.value), element("span", {}, `${say(voucher.name)} · ${say(voucher.why)}`),
      element("em", {}, voucher.used ? words().used : words().usable)),
    () => element("li", { class: "hint" }, words().noVouchers));
  at("invited").textContent = words().invited(mine.invited);
  at("link").value = mine.invite ? `${location.origin}/?invite=${mine.invite}` : "";
  if (heard && heard.sentences) {
    const spared = (heard.answered_by.rules ?? 0) + (heard.answered_by.classifier ?? 0);
    at("understood").textContent = words().understood(heard.sentences, `${Math.round(spared * 100)}%`);
  }
}

function showTurns() {
  fill(at("welcome"), [bubble, examples], (piece) => piece("shop", words().welcome));
  for (const turn of mine.turns) showTurn(turn);
}

function showTurn(turn) {
  const before = at(`turn-${turn.key}`);
  const reply = turn.reply;
  const open = reply && reply.question !== null && reply.question === mine.open;
  const newest = reply && mine.turns.findLast((one) => one.reply && one.reply.order === reply.order) === turn;
  const order = newest && mine.orders.find((one) => one.id === reply.order);
  const state = JSON.stringify([turn, open, order, language, turn.failed]);
  if (before && before.state === state) return;
  const shown = before ?? at("log").appendChild(element("div", { class: "turn", id: `turn-${turn.key}` }));
  shown.state = state;
  const said = turn.shown ?? (reply && reply.chosen) ?? { zh: turn.said, en: turn.said };
  const pieces = [bubble("you", say(said))];
  if (reply) pieces.push(bubble("shop", say(reply.text)));
  if (order) pieces.push(orderCard(order, words(), say));
  if (open) pieces.push(options(reply));
  if (turn.failed) pieces.push(element("div", { class: "chips" }, button(words().retry, () => send(turn))));
  shown.replaceChildren(...pieces);
  if (!before) at("log").scrollTop = at("log").scrollHeight;
}

function bubble(who, text) {
  return element("p", { class: `bubble ${who}` }, element("span", { class: "unseen" }, `${words()[who]}：`), text);
}

function examples() {
  const chips = EXAMPLES.map((example) => button(example, () => speak(example), { lang: "zh-CN" }));
  return element("div", { class: "chips" }, ...chips);
}

function options(reply) {
  const buttons = reply.options.map((label, option) => button(say(label), () => choose(reply.question, option, label)));
  return element("div", { class: "options", role: "group", "aria-label": say(reply.text) }, ...buttons);
}

function show() {
  showMine();
  showTurns();
}

// --- what is done ----------------------------------------------------------------------------------------------

function speak(text) {
  const said = text.trim();
  if (!said) return;
  begin({ key: keyFor(`say ${said}`), said, path: "/api/say", body: { text: said } });
}

function choose(question, option, label) {
  const body = { question, option };
  begin({ key: keyFor(`choose ${question}`), said: `${question}#${option}`, shown: label, path: "/api/choose", body });
}

function begin(turn) {
  if (mine.turns.some((one) => one.key === turn.key)) return;
  mine.turns.push(turn);
  view("chat");
  send(turn);
}

async function send(turn) {
  turn.failed = false;
  underWay += 1;
  at("status").textContent = words().waiting;
  showTurn(turn);
  at("log").scrollTop = at("log").scrollHeight;
  try {
    turn.reply = await post(turn.path, turn.body, turn.key, () => { at("status").textContent = words().retrying; });
    at("status").textContent = "";
    mine.open = turn.reply.question ?? (turn.path === "/api/choose" ? null : mine.open);
  } catch {
    turn.failed = true;
    at("status").textContent = words().failed;
  }
  underWay -= 1;
  showTurn(turn);
  await refresh();
  at("log").scrollTop = at("log").scrollHeight;
}

function take(seen) {
  const waiting = mine.turns.filter((turn) => !seen.turns.some((one) => one.key === turn.key));
  Object.assign(mine, seen, { turns: [...seen.turns, ...waiting] });
  show();
}

async function refresh() {
  try {
    heard = await get("/api/understood");
    take(await get("/api/mine"));
  } catch {
    // The server is away for a moment: what is shown stays, and the next look comes soon.
  }
}

async function arrive() {
  const invite = new URLSearchParams(location.search).get("invite");
  try {
    menu = await get("/api/menu");
    showMenu();
    take(await post("/api/arrive", { invite }));
    await refresh();
  } catch {
    at("status").textContent = words().failed;
    setTimeout(arrive, 3000);
  }
}

// --- switches --------------------------------------------------------------------------------------------------

function isDark() {
  return (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
}

function showTheme() {
  at("theme").textContent = isDark() ? words().light : words().dark;
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("tea-shop-theme", theme);
  showTheme();
}

function view(name) {
  document.body.dataset.view = name;
  for (const tab of at("tabs").children) {
    if (tab.dataset.view === name) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
}

at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  speak(at("text").value);
  at("text").value = "";
});
at("language").addEventListener("click", () => {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem("tea-shop-language", language);
  at("log").setAttribute("aria-live", "off"); // what is only translated is not read out again
  showWords();
  showMenu();
  show();
  at("log").scrollTop = at("log").scrollHeight;
  setTimeout(() => at("log").removeAttribute("aria-live"), 500);
});
at("theme").addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
at("tabs").addEventListener("click", (event) => { if (event.target.dataset.view) view(event.target.dataset.view); });
at("copy").addEventListener("click", async () => {
  at("link").select();
  try {
    await navigator.clipboard.writeText(at("link").value);
    at("status").textContent = words().copied;
  } catch {
    // Where the clipboard is closed the link is selected, ready to be copied by hand.
  }
});

const theme = localStorage.getItem("tea-shop-theme");
if (theme) document.documentElement.dataset.theme = theme;
showWords();
showTurns();
arrive();
setInterval(() => {
  const pending = mine.orders.some((order) => order.state === "placed");
  if (!document.hidden && !underWay && pending) refresh();
}, 1000);
setInterval(() => { if (!document.hidden && !underWay) refresh(); }, 8000);
