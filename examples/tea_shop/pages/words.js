// What the page itself says, in both languages. What the shop says comes from the server in both.

export const WORDS = {
  zh: {
    title: "千问奶茶铺", motto: "一句话，一杯茶", skip: "跳到输入框", menu: "菜单", chat: "聊天", mine: "我的",
    toppings: "加料", say: "想喝什么", hint: "千问，帮我点杯奶茶", send: "发送", orders: "我的订单", vouchers: "我的券",
    invite: "邀请好友", copy: "复制", copied: "已复制", dark: "深色", light: "浅色", order: "点一杯", pages: "页面",
    link: "邀请链接",
    welcome: "你好，想喝什么？说一句就下单，也可以点菜单上的。",
    noOrders: "还没有订单。", noVouchers: "还没有券。", used: "已用", usable: "可用",
    invited: (n) => `好友第一次来，你得一张免单卡。已邀请 ${n} 位。`,
    understood: (n, share) => `本店听了 ${n} 句话，${share} 不用大模型就答完了。`,
    waiting: "正在想……", retrying: "网络不稳，正在重试，不会重复下单……", failed: "没有连上。什么时候重试都不会重复下单。",
    retry: "重试", due: "实付", total: "合计", off: "券", note: "备注", you: "你", shop: "店家",
  },
  en: {
    title: "Qianwen tea shop", motto: "One sentence, one tea", skip: "Skip to the input", menu: "Menu", chat: "Chat",
    mine: "Mine", toppings: "Toppings", say: "What would you like", hint: "千问，帮我点杯奶茶", send: "Send",
    orders: "My orders", vouchers: "My vouchers", invite: "Invite a friend", copy: "Copy", copied: "Copied", dark: "Dark",
    light: "Light", order: "Order", pages: "Pages", link: "Invitation link",
    welcome: "Hello, what would you like? One sentence orders it; so does the menu. The shop understands Chinese.",
    noOrders: "No orders yet.", noVouchers: "No vouchers yet.", used: "used", usable: "ready",
    invited: (n) => `A friend's first visit earns you a free-order card. So far: ${n}.`,
    understood: (n, share) => `The shop heard ${n} sentences; ${share} were answered without a large model.`,
    waiting: "Thinking…", retrying: "The network is unsteady; trying again, nothing is ordered twice…",
    failed: "No connection. Trying again never orders twice.", retry: "Try again", due: "To pay", total: "Total",
    off: "Voucher", note: "Note", you: "You", shop: "Shop",
  },
};

export const EXAMPLES = ["千问，帮我点杯奶茶", "来两杯少糖去冰的珍珠奶茶，用免单卡", "换成大杯", "我的订单到哪了", "取消订单"];
