// A call as it is made in a shell. What is one's own is a variable: $CONCERT_ID, $TOKEN.
//
//   curl_call(call, location.origin, { user_id: "..." })

const variable = (name) => "$" + name.toUpperCase().replaceAll("-", "_");

// Within single quotes a shell changes nothing; a single quote ends them.
const quoted = (text) => "'" + text.replaceAll("'", "'\\''") + "'";

// The field that proves who calls. A key that need not be configured is left out, but for the
// operators', without which there is nothing to call.
function credential({ security }) {
  const schemes = security.flatMap((way) => Object.keys(way));
  if (schemes.includes("token")) return '"Authorization: Bearer $TOKEN"';
  return schemes.includes("adminKey") ? '"Authorization: Bearer $ADMIN_KEY"' : null;
}

// `body`: of the request, where it takes one.
export function curl_call(call, origin, body) {
  const path = call.path.replace(/\{(\w+)\}/g, (_mark, name) => variable(name));
  const parts = [`curl ${JSON.stringify(origin + path)}`];
  const is_stream = call.answers.some(({ contents }) =>
    contents.some(({ type }) => type === "text/event-stream"),
  );
  if (is_stream) parts[0] = parts[0].replace("curl", "curl -N");
  if (call.method !== "GET" && !(call.method === "POST" && call.body)) {
    parts[0] = parts[0].replace("curl", "curl -X " + call.method);
  }
  const proof = credential(call);
  if (proof) parts.push("-H " + proof);
  for (const { name, in: place, required, example } of call.parameters) {
    if (place === "header" && required) parts.push(`-H ${quoted(`${name}: ${example ?? "..."}`)}`);
  }
  if (call.body) {
    parts.push(`-H ${quoted("Content-Type: " + call.body.type)}`);
    parts.push(`-d ${quoted(JSON.stringify(body))}`);
  }
  return parts.join(" \\\n  ");
}
