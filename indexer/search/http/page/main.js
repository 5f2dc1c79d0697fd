// The page: shows what its address asks for, and turns what a person does into addresses.

import { alignment } from "./alignment.js";
import { ApiError, ask } from "./api.js";
import { Box } from "./box.js";
import { dates } from "./dates.js";
import { element } from "./elements.js";
import { facets, related } from "./facets.js";
import { filters } from "./filters.js";
import { KeyDialog } from "./key.js";
import { PictureInput, pictureOf } from "./picture.js";
import { PostView } from "./post.js";
import { showProblem } from "./problem.js";
import { beginnings, compose } from "./query.js";
import { nothing, pages, results, trouble } from "./results.js";
import { addressOf, asksAnything, changed, questionOf, stateOf, withPhrase } from "./state.js";
import { Controls } from "./controls.js";
import { found, titled } from "./summary.js";
import { sentence } from "./wording.js";

const PAGE = 20;
const FACETS = 20;
const PROGRESS_MS = 250;

const at = (id) => document.getElementById(id);

class Page {
  constructor() {
    this.state = stateOf(location.search);
    this.view = null;
    this.question = null;
    this.relatedOf = null;
    this.box = new Box(at("search"), {
      onSearch: (text) => this.search(changed(this.state, { q: text })),
      onPhrase: (text, phrase) => this.search(withPhrase({ ...this.state, q: text }, phrase)),
    });
    this.controls = new Controls((changes) => this.go(this.typed(changes)));
    this.pictures = new PictureInput({
      onPicture: (image) => this.search(this.typed({ image })),
      onRefused: (words) => this.refuse(words),
    });
    this.post = new PostView(at("post"), { onClose: () => this.closePost() });
    this.key = new KeyDialog(at("key"));
  }

  start() {
    history.scrollRestoration = "manual";
    addEventListener("popstate", () => this.arrive());
    addEventListener("online", () => this.failed && this.show({ fresh: true }));
    document.addEventListener("click", (event) => this.follow(event));
    document.addEventListener("keydown", (event) => this.shortcut(event));
    at("refine").addEventListener("click", () => this.refine());
    if (!asksAnything(this.state) && matchMedia("(pointer: fine)").matches) {
      this.box.input.focus();
    }
    this.show();
  }

  /** A link of the page leads to a state of it, unless it is to be opened elsewhere. */
  follow(event) {
    const link = event.target.closest?.("a[data-go]");
    const elsewhere = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (link && !event.defaultPrevented && !elsewhere) {
      event.preventDefault();
      this.go(stateOf(new URL(link.href).search), { next: link.dataset.go === "next" });
    }
  }

  shortcut(event) {
    const busy = event.target.closest?.("input, select, textarea, dialog");
    if (event.key === "/" && !busy && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      this.box.input.focus();
      this.box.input.select();
    }
  }

  refine() {
    const open = at("sides").classList.toggle("open");
    at("refine").setAttribute("aria-expanded", String(open));
  }

  /** The state with changes, and with what stands in the box though it was not sent. */
  typed(changes) {
    return changed(this.state, { q: this.box.input.value.trim(), ...changes });
  }

  /** As `go`; the same question once more asks the server again. */
  search(state) {
    if (addressOf(state) === addressOf(this.state)) {
      this.view = null;
      this.show({ fresh: true });
    } else {
      this.go(state);
    }
  }

  go(state, { next = false } = {}) {
    const over = state.post && viewOf(state) === viewOf(this.state);
    history.replaceState({ ...history.state, y: scrollY }, "");
    history.pushState({ next, over: Boolean(over) }, "", addressOf(state));
    this.state = state;
    this.show({ top: !over });
  }

  arrive() {
    this.state = stateOf(location.search);
    this.show({ y: history.state?.y ?? 0 });
  }

  closePost() {
    if (history.state?.over) {
      history.back();
    } else {
      this.state = { ...this.state, post: "" };
      history.replaceState(history.state, "", addressOf(this.state));
      this.show();
    }
  }

  async show({ fresh = false, top = false, y = null } = {}) {
    const { state } = this;
    this.opened(state);
    if (viewOf(state) === this.view) {
      return;
    }
    this.view = viewOf(state);
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    this.box.show(state.q);
    this.controls.show(state);
    this.busy(true);
    try {
      const [answer, like] = await this.answer(state, { signal: asking.signal, fresh });
      if (!asking.signal.aborted) {
        this.learn();
        this.render(state, answer, like);
        this.beside(state, answer, asking.signal);
        this.settle({ top, y });
      }
    } catch (error) {
      if (!asking.signal.aborted) {
        this.fail(error, state);
      }
    }
  }

  /** Whether the server can search by picture; asked once, when it has answered anything. */
  async learn() {
    this.learnt ??= ask("abilities", {});
    try {
      this.pictures.allow(await this.learnt);
    } catch {
      // Pictures are only an extra; the next answer is another occasion.
      this.learnt = undefined;
    }
  }

  /** A picture that cannot be searched by. */
  refuse(words) {
    at("problem").replaceChildren(element("p", {}, sentence(words)));
  }

  /** The post of a state, over the results. */
  opened(state) {
    this.post.show(state).catch((error) => this.fail(error, state));
  }

  async answer(state, options) {
    if (state.similar) {
      return Promise.all([
        ask("similar", { id: state.similar, limit: PAGE }, options),
        ask("post", { id: state.similar }, options),
      ]);
    }
    // From page to page what stands beside the posts is the same.
    const beside = questionOf(state) !== this.question || options.fresh;
    const asked = {
      q: compose(state).q,
      phrase: state.phrases,
      limit: PAGE,
      after: state.after,
      facets: beside || null,
      dates: beside || null,
    };
    const picture = state.image ? pictureOf(state.image) : null;
    return [await ask("search", asked, { ...options, picture }), null];
  }

  render(state, answer, like) {
    this.busy(false);
    this.failed = false;
    showProblem(at("problem"), this.box, null, state);
    const summary = found(state, answer, like);
    at("status").textContent = summary;
    at("announced").textContent = summary;
    document.title = titled(state, answer, like);
    put(at("filters"), filters(state, like?.text));
    at("results").replaceChildren(answer.hits.length ? results(answer.hits, state) : nothing(state));
    put(at("pages"), pages(state, answer, { canGoBack: history.state?.next === true }));
    if (answer.hits.length === 0) {
      this.guess(state);
    }
  }

  /** Facets, dates and related keyphrases; these come later, and only if anything is asked. */
  async beside(state, answer, signal) {
    const question = questionOf(state);
    if (state.similar) {
      ["facets", "alignment", "dates", "related"].forEach((id) => put(at(id), null));
    } else if (question !== this.question || answer.facets.keyphrases.length > 0) {
      put(at("facets"), facets(answer.facets.keyphrases, state));
      put(at("alignment"), alignment(answer.facets.alignment ?? [], state));
      put(at("dates"), dates(answer.dates, state, (since, until) => this.go(this.typed({ since, until }))));
    }
    this.question = question;
    if (this.relatedOf === question) {
      return;
    }
    // Those of another query would lead back to it.
    put(at("related"), null);
    this.relatedOf = null;
    if (state.similar || !asksAnything(state) || state.image || answer.total === 0) {
      return;
    }
    try {
      const asked = { q: compose(state).q, phrase: state.phrases, limit: FACETS / 2 };
      const answered = await ask("related", asked, { signal });
      put(at("related"), related(answered.related, state));
      this.relatedOf = question;
    } catch {
      // It is only an extra.
    }
  }

  /** Keyphrases that the person may have meant, where nothing was found. */
  async guess(state) {
    const { signal } = this.asking;
    for (const way of beginnings(state.q, state.q.length)) {
      try {
        const { suggestions } = await ask("suggest", { q: way.typed.trim().slice(0, 200), limit: 4 }, { signal });
        if (suggestions.length > 0) {
          at("results").replaceChildren(nothing(state, suggestions.map(({ phrase }) => phrase)));
          return;
        }
      } catch {
        return;
      }
    }
  }

  async fail(error, state) {
    this.busy(false);
    this.failed = true;
    this.view = null;
    this.question = null;
    this.relatedOf = null;
    if (!(error instanceof ApiError)) {
      at("results").replaceChildren(trouble("The page has failed in a way that it should not.", () => location.reload()));
      throw error;
    }
    if (error.status === 401 && (await this.key.ask())) {
      this.show({ fresh: true });
      return;
    }
    ["facets", "alignment", "dates", "related", "pages"].forEach((id) => put(at(id), null));
    put(at("filters"), filters(state, ""));
    if (showProblem(at("problem"), this.box, error, state)) {
      at("status").textContent = "";
      at("announced").textContent = "";
      at("results").replaceChildren();
      document.title = "Not understood – Keyphrases";
      return;
    }
    const words = error.status === 401 ? "This server answers nobody without its API key." : error.message;
    at("status").textContent = "No answer";
    at("announced").textContent = `No answer. ${words}`;
    document.title = "No answer – Keyphrases";
    at("results").replaceChildren(trouble(words, () => this.show({ fresh: true })));
  }

  busy(busy) {
    clearTimeout(this.waiting);
    at("results").setAttribute("aria-busy", String(busy));
    at("progress").hidden = true;
    if (busy) {
      this.waiting = setTimeout(() => {
        at("progress").hidden = false;
      }, PROGRESS_MS);
    }
  }

  /** Where the page stands once it is new, and the focus if what had it is gone. */
  settle({ top, y }) {
    if (y !== null) {
      scrollTo(0, y);
    } else if (top) {
      scrollTo(0, 0);
    }
    if ((top || y !== null) && document.activeElement === document.body) {
      at("status").focus({ preventScroll: true });
    }
  }
}

function viewOf(state) {
  return addressOf({ ...state, post: "" });
}

/** Fills a place, or hides it when there is nothing for it. */
function put(place, parts) {
  const shown = [parts ?? []].flat();
  place.replaceChildren(...shown);
  place.hidden = shown.length === 0;
}

new Page().start();
