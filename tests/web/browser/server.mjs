// The program, serving a store of its own in a temporary folder, and concerts for it to sell.
//
//   const server = await start_server();
//   const concert = await server.add({ seats: 50, room: { active_max: 10 } });
//   await server.stop();
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { new_uuid } from "../../../server/web/store.js";

const program = process.env.WEB_TESTS_PROGRAM;
if (!program) throw new Error("WEB_TESTS_PROGRAM is not set: run tests/web/run");

const FREE_PORT = "127.0.0.1:0";

async function first_line(child) {
  let errors = "";
  child.stderr.on("data", (text) => (errors += text));
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error("the server did not start: " + errors);
}

async function asked(method, url, { body, token, key } = {}) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = "Bearer " + token;
  if (key) headers["Idempotency-Key"] = key;
  const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

// A year ahead, so that no test is late.
export function starts_at(day = 24) {
  return `${new Date().getFullYear() + 1}-12-${day}T19:00:00+09:00`;
}

export async function start_server(options = []) {
  const folder = await mkdtemp(join(tmpdir(), "concertres-web-"));
  const places = ["--listen", FREE_PORT, "--admin-listen", FREE_PORT, "--data", folder];
  const child = spawn(program, ["serve", ...places, ...options], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const line = await first_line(child);
  const [url, admin] = line.match(/http:\/\/[\d.:]+/g);

  return {
    url,
    admin,
    // `concert` as it is imported; `seats` may be a number.
    async add({ seats = 50, ...concert } = {}) {
      const draft = {
        title: "Winter Songs",
        venue: "Demo Hall",
        performances: [{ starts_at: starts_at() }],
        seats: typeof seats === "number" ? { count: seats, price: 50_000 } : seats,
        room: { active_max: 100 },
        ...concert,
      };
      const { concert_id } = await asked("POST", admin + "/admin/v1/concerts", { body: draft });
      return concert_id;
    },
    change_room(concert, change) {
      return asked("PATCH", `${admin}/admin/v1/concerts/${concert}/room`, { body: change });
    },
    // Another buyer, who uses no browser.
    async join(concert) {
      const user_id = new_uuid();
      const path = `${url}/v1/concerts/${concert}/tokens`;
      const { token } = await asked("POST", path, { body: { user_id } });
      const call = (method, path_, body) =>
        asked(method, url + path_, { body, token, key: new_uuid() });
      return {
        user_id,
        token,
        call,
        place: () => call("GET", "/v1/tokens/current"),
        leave: () => call("DELETE", "/v1/tokens/current"),
        async admitted() {
          for (;;) {
            const place = await call("GET", "/v1/tokens/current");
            if (place.status !== "waiting") return place;
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
        },
        async performance() {
          const { dates } = await call("GET", `/v1/concerts/${concert}/dates?status=all`);
          return dates[0].performance_id;
        },
        async hold(wanted) {
          const performance_id = await this.performance();
          return call("POST", "/v1/reservations", { performance_id, ...wanted });
        },
        async buy(wanted) {
          const { reservation_id, total } = await this.hold(wanted);
          await call("POST", `/v1/users/${user_id}/wallet/charges`, { amount: total.amount });
          return call("POST", "/v1/payments", { reservation_id });
        },
      };
    },
    async stop() {
      child.kill("SIGTERM");
      await new Promise((resolve) => child.once("exit", resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
