// The wallet: what is in it, putting more in, and what came and went.
import { h, set_text, show } from "./dom.js";
import { moment_text, money_text, typed_amount, typed_text } from "./format.js";
import { t } from "./i18n.js";
import { NoticePlace, notice, work_button } from "./ui.js";

export class WalletCard {
  #visit;
  #on_balance;
  #balance = h("strong", { class: "balance" }, "…");
  #input = h("input", {
    id: "charge-amount",
    type: "text",
    inputmode: "decimal",
    autocomplete: "transaction-amount",
  });
  #notices = new NoticePlace();
  #rows = h("tbody", {});
  #table;
  #more;
  #cursor = null;
  #is_typed = false;
  balance = null;

  constructor({ visit, on_balance }) {
    this.#visit = visit;
    this.#on_balance = on_balance;
    this.#input.addEventListener("input", () => (this.#is_typed = true));
    this.#input.addEventListener("keydown", ({ key }) => key === "Enter" && charge.click());
    const charge = work_button(
      t("wallet.charge"),
      t("wallet.charging"),
      this.#notices,
      () => this.#charge(),
      { class: "" },
    );
    this.element = h(
      "section",
      { class: "card wallet" },
      h("h2", {}, t("wallet.heading")),
      h("p", { class: "line-up" }, h("span", {}, t("wallet.balance")), this.#balance),
      h(
        "div",
        { class: "fields" },
        h(
          "p",
          { class: "field" },
          h("label", { for: "charge-amount" }, t("wallet.amount")),
          this.#input,
        ),
        charge,
      ),
      this.#notices.element,
      this.#statement(),
    );
    this.load();
  }

  #statement() {
    this.#more = h("button", { type: "button", class: "plain" }, t("wallet.statement.more"));
    this.#more.addEventListener("click", () => this.#load_rows(this.#cursor));
    const head = ["wallet.when", "wallet.what", "wallet.amount", "wallet.balance"];
    this.#table = h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          head.map((name) => h("th", { scope: "col" }, t(name))),
        ),
      ),
      this.#rows,
    );
    const scroll = h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": t("wallet.statement") },
      this.#table,
    );
    const details = h("details", {}, h("summary", {}, t("wallet.statement")), scroll, this.#more);
    details.addEventListener("toggle", () => details.open && this.#load_rows(null));
    return details;
  }

  async load() {
    try {
      this.#show(await this.#visit.load_wallet());
    } catch (problem) {
      if (!problem.code) throw problem;
      this.#notices.problem(problem);
    }
  }

  #show(balance) {
    this.balance = balance;
    set_text(this.#balance, money_text(balance));
    this.#on_balance();
  }

  // What is missing, to be charged at one press; an amount that was typed stays.
  suggest(amount) {
    if (this.#is_typed || !this.balance) return;
    this.#input.value = amount > 0 ? typed_text(amount, this.balance.currency) : "";
  }

  async #charge() {
    const amount = this.balance && typed_amount(this.#input.value, this.balance.currency);
    if (!amount) {
      this.#notices.show(notice("bad", t("wallet.amount.bad")));
      this.#input.focus();
      return;
    }
    try {
      const answer = await this.#visit.charge(amount);
      this.#is_typed = false;
      this.#show(answer.balance);
      this.#notices.show(
        notice("good", t("wallet.charged", { amount: money_text(answer.amount) })),
      );
      if (this.element.querySelector("details").open) await this.#load_rows(null);
    } catch (problem) {
      if (problem.code !== "api_key_required") throw problem;
      this.#notices.show(notice("info", t("wallet.host")));
    }
  }

  async #load_rows(cursor) {
    try {
      const { transfers, next_cursor } = await this.#visit.load_transfers(cursor);
      if (!cursor) this.#rows.replaceChildren();
      this.#rows.append(...transfers.map((transfer) => this.#row(transfer)));
      if (!this.#rows.childElementCount) {
        this.#rows.append(h("tr", {}, h("td", { colspan: "4" }, t("wallet.statement.none"))));
      }
      this.#cursor = next_cursor;
      show(this.#more, Boolean(next_cursor));
    } catch (problem) {
      if (!problem.code) throw problem;
      this.#notices.problem(problem);
    }
  }

  #row({ at, kind, amount, balance }) {
    const sign = kind === "payment" ? "−" : "+";
    return h(
      "tr",
      {},
      h("td", {}, moment_text(at)),
      h("td", {}, t("wallet.kind." + kind)),
      h("td", { class: "number" }, sign + money_text(amount)),
      h("td", { class: "number" }, money_text(balance)),
    );
  }
}
