// Calls of the operators' API: with the admin key where one is known, which is kept as long as the
// tab is open and nowhere else. Files go up with their progress, and come down whole or not at all.
import { Api, Problem, problem_of } from "../api.js";

const KEY = "key";

export class OperatorApi {
  #api;
  #store;
  #on_locked;

  // `store` keeps the key; on_locked(problem) is told when the server asks for one, or for another.
  constructor({ clock, store, on_locked }) {
    this.#api = new Api(clock);
    this.#store = store;
    this.#on_locked = on_locked;
  }

  get has_key() {
    return Boolean(this.#store.get(KEY));
  }

  // Whether the key opens anything; where it does not, the one before stays forgotten.
  async try_key(key) {
    await this.#api.call("GET", "/admin/v1/concerts", { token: key });
    this.#store.set(KEY, key);
  }

  forget_key() {
    this.#store.remove(KEY);
  }

  async call(method, path, options = {}) {
    return this.#guarded(() =>
      this.#api.call(method, path, { ...options, token: this.#store.get(KEY) }),
    );
  }

  async #guarded(work) {
    try {
      return await work();
    } catch (problem) {
      if (problem.code === "admin_key_invalid") this.#on_locked(problem);
      throw problem;
    }
  }

  #headers() {
    const key = this.#store.get(KEY);
    return key ? { Authorization: "Bearer " + key } : {};
  }

  // The file as a Blob. One that breaks off is refused, so that half of it is not taken for all.
  async download(path, on_bytes) {
    return this.#guarded(async () => {
      let response;
      try {
        response = await fetch(path, { headers: this.#headers(), cache: "no-store" });
      } catch (failure) {
        throw new Problem({ code: "offline", detail: String(failure) });
      }
      if (!response.ok) throw await problem_of(response);
      const parts = [];
      let bytes = 0;
      try {
        const reader = response.body.getReader();
        for (let part = await reader.read(); !part.done; part = await reader.read()) {
          parts.push(part.value);
          on_bytes((bytes += part.value.length));
        }
      } catch {
        throw new Problem({ code: "download_broken" });
      }
      return new Blob(parts, { type: "text/csv;charset=utf-8" });
    });
  }

  // Sends JSON text; on_progress(share) up to 1, from where on the server is at work. `fetch` does
  // not tell how much has been sent.
  upload(path, text, on_progress) {
    return this.#guarded(
      () =>
        new Promise((resolve, reject) => {
          const request = new XMLHttpRequest();
          request.open("POST", path);
          const headers = { "Content-Type": "application/json", ...this.#headers() };
          for (const [name, value] of Object.entries(headers)) {
            request.setRequestHeader(name, value);
          }
          request.upload.onprogress = ({ loaded, total }) =>
            on_progress(total ? loaded / total : 0);
          request.upload.onload = () => on_progress(1);
          request.onerror = () => reject(new Problem({ code: "offline" }));
          request.onload = async () => {
            const response = new Response(request.responseText, {
              status: request.status,
              headers: { "Retry-After": request.getResponseHeader("Retry-After") ?? "" },
            });
            if (response.ok) resolve(JSON.parse(request.responseText));
            else reject(await problem_of(response));
          };
          request.send(text);
        }),
    );
  }
}
