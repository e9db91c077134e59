// Small pieces of page: elements, buttons, a cup, an order's card. Text goes in as text, never as markup.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function button(label, onClick, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", onClick);
  return made;
}

// Fill a list, and only when what it shows has changed: a focused button stays where it is.
export function fill(list, items, piece, empty) {
  const state = JSON.stringify([items, document.documentElement.lang]);
  if (list.state === state) return;
  list.state = state;
  list.replaceChildren(...(items.length || !empty ? items.map(piece) : [empty()]));
}

const SVG = "http://www.w3.org/2000/svg";

function drawn(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

export function cup(colour) {
  const picture = drawn("svg", { viewBox: "0 0 48 60", class: "cup", "aria-hidden": "true" });
  picture.append(
    drawn("path", { d: "M30 2l5 1.4L30.5 20h-5z", fill: "#d9603b" }),
    drawn("path", { d: "M7 15c0-5 7.5-9 17-9s17 4 17 9z", class: "lid" }),
    drawn("path", { d: "M8 17h32l-4.3 38.5c-.2 1.5-1.5 2.5-3 2.5H15.300c-1.5 0-2.800-1-3-2.5z", fill: colour }),
    drawn("path", { d: "M8 17h32l-.9 8H8.900z", fill: "#fff", "fill-opacity": ".35" }),
    drawn("rect", { x: 6, y: 14, width: 36, height: 4, rx: 2, class: "rim" }),
  );
  return picture;
}

export function orderCard(order, words, say) {
  const lines = order.lines.map((line) =>
    element("li", {}, element("b", {}, `${line.quantity} ×`), element("span", {}, say(line.made)), element("span", {}, line.price)));
  const sums = [];
  if (order.discount) sums.push(element("span", {}, `${words.total} ${order.total}`), element("span", { class: "off" }, `${words.off} −${order.discount}`));
  sums.push(element("strong", {}, `${words.due} ${order.due}`));
  const card = element("article", { class: `card ${order.state}` },
    element("p", { class: "badge" }, say(order.told), order.number ? element("b", {}, order.number) : ""),
    element("ul", {}, ...lines));
  if (order.note) card.append(element("p", { class: "hint" }, `${words.note}：${order.note}`));
  if (order.fulfilment) card.append(element("p", { class: "hint" }, say(order.fulfilment)));
  card.append(element("p", { class: "sums" }, ...sums));
  return card;
}
