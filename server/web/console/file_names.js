// How a downloaded file is called: "winter-songs-sales-2026-12-01-1003.csv". No page is needed
// here.

const MOST = 60;

// Letters and digits of any language; all else becomes a hyphen, so that the name is one on every
// system.
export function plain_name(title) {
  const plain = title
    .normalize("NFC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  return [...plain].slice(0, MOST).join("").replace(/-+$/, "") || "concert";
}

// `now` as the server tells it.
export function file_name(title, what, now) {
  const [date, time] = now.split("T");
  return `${plain_name(title)}-${what}-${date}-${time.slice(0, 5).replace(":", "")}.csv`;
}
