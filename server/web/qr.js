// QR codes (ISO/IEC 18004) of plain text: byte mode, error correction M, which reads with 15% of the
// code gone, in the smallest version that has room.
//
//   const code = qr_code("AQIAAAAB...");   // null: longer than the 2,331 bytes of the largest
//   svg("path", { d: qr_path(code) });     // each module is a unit; leave QUIET around it

export const QUIET = 4; // modules of paper on every side

const LARGEST = 40;
// By version, from 1: what the standard gives for M, codewords of correction in each block...
const CORRECTION = [
  10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26,
].concat(Array(19).fill(28));
// ...and how many blocks there are.
const BLOCKS = [
  1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26,
  28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49,
];

const size_of = (version) => 17 + 4 * version;

// Alignment patterns in a row.
const aligned = (version) => (version === 1 ? 0 : Math.floor(version / 7) + 2);

// Codewords that fit beside the patterns.
function codewords_of(version) {
  const size = size_of(version);
  let modules = size * size - 3 * 64 - 31 - 2 * (size - 16);
  const n = aligned(version);
  if (n > 0) modules -= (n * n - 3) * 25 - (n - 2) * 10;
  if (version >= 7) modules -= 36;
  return Math.floor(modules / 8);
}

const data_codewords_of = (version) =>
  codewords_of(version) - CORRECTION[version - 1] * BLOCKS[version - 1];

const count_bits = (version) => (version < 10 ? 8 : 16);

// --- data

function data_codewords(bytes, version) {
  const bits = [];
  const put = (value, length) => {
    for (let i = length - 1; i >= 0; --i) bits.push((value >> i) & 1);
  };
  put(0b0100, 4);
  put(bytes.length, count_bits(version));
  for (const byte of bytes) put(byte, 8);
  const capacity = data_codewords_of(version);
  put(0, Math.min(4, capacity * 8 - bits.length));
  put(0, -bits.length & 7);
  const words = [];
  for (let i = 0; i < bits.length; i += 8) {
    words.push(bits.slice(i, i + 8).reduce((word, bit) => word * 2 + bit, 0));
  }
  for (let i = 0; words.length < capacity; ++i) words.push(i % 2 ? 0x11 : 0xec);
  return words;
}

// In the field of 256 elements of the standard.
function times(a, b) {
  let product = 0;
  for (let bit = 7; bit >= 0; --bit) {
    product = (product << 1) ^ (product >> 7 ? 0x11d : 0);
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}

// Without its first coefficient, which is 1.
function generator(degree) {
  const coefficients = Array(degree - 1)
    .fill(0)
    .concat(1);
  for (let i = 0, root = 1; i < degree; ++i, root = times(root, 2)) {
    for (let j = 0; j < degree; ++j) {
      coefficients[j] = times(coefficients[j], root) ^ (coefficients[j + 1] ?? 0);
    }
  }
  return coefficients;
}

function remainder(words, divisor) {
  const rest = Array(divisor.length).fill(0);
  for (const word of words) {
    const factor = word ^ rest.shift();
    rest.push(0);
    divisor.forEach((coefficient, i) => (rest[i] ^= times(coefficient, factor)));
  }
  return rest;
}

// Block by block with its correction, then woven: the first of each, the second of each.
function woven(words, version) {
  const blocks = BLOCKS[version - 1];
  const divisor = generator(CORRECTION[version - 1]);
  const short = Math.floor(words.length / blocks);
  const shorter = blocks - (words.length % blocks); // blocks that have one codeword less
  const data = [];
  for (let i = 0, at = 0; i < blocks; ++i) {
    const length = i < shorter ? short : short + 1;
    data.push(words.slice(at, (at += length)));
  }
  const correction = data.map((block) => remainder(block, divisor));
  const weave = (rows, length) =>
    Array.from({ length }, (_, i) => rows.map((row) => row[i])).flat();
  return [...weave(data, short + 1), ...weave(correction, divisor.length)].filter(
    (word) => word !== undefined,
  );
}

// --- modules

class Grid {
  constructor(version) {
    this.version = version;
    this.size = size_of(version);
    this.dark = new Uint8Array(this.size * this.size);
    this.fixed = new Uint8Array(this.size * this.size);
  }

  at(x, y) {
    return this.dark[y * this.size + x];
  }

  // Of a pattern, which no mask changes.
  fix(x, y, is_dark) {
    if (x < 0 || y < 0 || x >= this.size || y >= this.size) return;
    this.dark[y * this.size + x] = is_dark ? 1 : 0;
    this.fixed[y * this.size + x] = 1;
  }

  // Squares around a centre: a ring is light at these distances.
  fix_rings(x, y, radius, light) {
    for (let dy = -radius; dy <= radius; ++dy) {
      for (let dx = -radius; dx <= radius; ++dx) {
        this.fix(x + dx, y + dy, !light.includes(Math.max(Math.abs(dx), Math.abs(dy))));
      }
    }
  }

  fix_patterns() {
    for (let i = 0; i < this.size; ++i) {
      this.fix(6, i, i % 2 === 0);
      this.fix(i, 6, i % 2 === 0);
    }
    const far = this.size - 4;
    for (const [x, y] of [
      [3, 3],
      [far, 3],
      [3, far],
    ]) {
      this.fix_rings(x, y, 4, [2, 4]);
    }
    const places = this.alignment();
    const last = places.at(-1);
    for (const x of places) {
      for (const y of places) {
        const is_in_finder =
          (x === 6 && y === 6) || (x === 6 && y === last) || (x === last && y === 6);
        if (!is_in_finder) this.fix_rings(x, y, 2, [1]);
      }
    }
    this.fix_format(0);
    this.fix_version();
  }

  alignment() {
    const n = aligned(this.version);
    if (n === 0) return [];
    const step = this.version === 32 ? 26 : Math.ceil((this.size - 13) / (2 * n - 2)) * 2;
    return [6, ...Array.from({ length: n - 1 }, (_, i) => this.size - 7 - (n - 2 - i) * step)];
  }

  // The mask, twice; level M is 0.
  fix_format(mask) {
    const word = with_check(mask, 10, 0x537) ^ 0x5412;
    const bit = (i) => (word >> i) & 1;
    for (let i = 0; i < 15; ++i) {
      if (i < 8) this.fix(8, i < 6 ? i : i + 1, bit(i));
      else this.fix(i === 8 ? 7 : 14 - i, 8, bit(i));
      if (i < 8) this.fix(this.size - 1 - i, 8, bit(i));
      else this.fix(8, this.size - 15 + i, bit(i));
    }
    this.fix(8, this.size - 8, true);
  }

  fix_version() {
    if (this.version < 7) return;
    const word = with_check(this.version, 12, 0x1f25);
    for (let i = 0; i < 18; ++i) {
      const along = this.size - 11 + (i % 3);
      const across = Math.floor(i / 3);
      this.fix(along, across, (word >> i) & 1);
      this.fix(across, along, (word >> i) & 1);
    }
  }

  // From the right in pairs of columns, up and down by turns.
  fill(words) {
    let at = 0;
    for (let right = this.size - 1, is_up = true; right > 0; right -= 2, is_up = !is_up) {
      if (right === 6) right = 5;
      for (let i = 0; i < this.size; ++i) {
        const y = is_up ? this.size - 1 - i : i;
        for (const x of [right, right - 1]) {
          if (this.fixed[y * this.size + x]) continue;
          const word = words[at >> 3] ?? 0;
          this.dark[y * this.size + x] = (word >> (7 - (at & 7))) & 1;
          at += 1;
        }
      }
    }
  }

  masked(mask) {
    const grid = new Grid(this.version);
    grid.dark.set(this.dark);
    grid.fixed.set(this.fixed);
    for (let y = 0; y < this.size; ++y) {
      for (let x = 0; x < this.size; ++x) {
        const at = y * this.size + x;
        if (!this.fixed[at] && MASKS[mask](x, y)) grid.dark[at] ^= 1;
      }
    }
    grid.fix_format(mask);
    return grid;
  }
}

// The value, and behind it the remainder of its division: BCH.
function with_check(value, bits, divisor) {
  let rest = value;
  for (let i = 0; i < bits; ++i) rest = (rest << 1) ^ ((rest >> (bits - 1)) & 1 ? divisor : 0);
  return (value << bits) | (rest & ((1 << bits) - 1));
}

const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (_x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

// What a reader could take for a finder pattern: 1:1:3:1:1, with four light ones on a side.
const FINDER_LIKE = [0b10111010000, 0b00001011101];

function penalty_of_line(line) {
  let penalty = 0;
  for (let i = 0, run = 0; i < line.length; ++i) {
    run = i > 0 && line[i] === line[i - 1] ? run + 1 : 1;
    if (run === 5) penalty += 3;
    else if (run > 5) penalty += 1;
  }
  for (let i = 0, window = 0; i < line.length; ++i) {
    window = ((window << 1) | line[i]) & 0x7ff;
    if (i >= 10 && FINDER_LIKE.includes(window)) penalty += 40;
  }
  return penalty;
}

// How hard it is to read: the standard's four rules.
function penalty(grid) {
  const { size } = grid;
  let sum = 0;
  for (let i = 0; i < size; ++i) {
    sum += penalty_of_line(Array.from({ length: size }, (_, k) => grid.at(k, i)));
    sum += penalty_of_line(Array.from({ length: size }, (_, k) => grid.at(i, k)));
  }
  for (let y = 0; y + 1 < size; ++y) {
    for (let x = 0; x + 1 < size; ++x) {
      const of_four = grid.at(x, y) + grid.at(x + 1, y) + grid.at(x, y + 1) + grid.at(x + 1, y + 1);
      if (of_four % 4 === 0) sum += 3;
    }
  }
  const dark = grid.dark.reduce((count, module) => count + module, 0);
  const percent = (100 * dark) / (size * size);
  return sum + 10 * Math.floor(Math.abs(percent - 50) / 5);
}

// { version, size, mask, at(x, y) }, or null where the text is too long.
export function qr_code(text) {
  const bytes = new TextEncoder().encode(text);
  for (let version = 1; version <= LARGEST; ++version) {
    const bits = 4 + count_bits(version) + 8 * bytes.length;
    if (bits > 8 * data_codewords_of(version)) continue;
    const grid = new Grid(version);
    grid.fix_patterns();
    grid.fill(woven(data_codewords(bytes, version), version));
    const masked = MASKS.map((_, mask) => grid.masked(mask));
    const penalties = masked.map(penalty);
    const mask = penalties.indexOf(Math.min(...penalties));
    return { version, size: grid.size, mask, at: (x, y) => masked[mask].at(x, y) === 1 };
  }
  return null;
}

// The dark modules as a path, a unit each, in runs along the rows.
export function qr_path({ size, at }) {
  let path = "";
  for (let y = 0; y < size; ++y) {
    for (let x = 0; x < size; ++x) {
      if (!at(x, y) || (x > 0 && at(x - 1, y))) continue;
      let end = x + 1;
      while (end < size && at(end, y)) ++end;
      path += `M${x} ${y}h${end - x}v1h${x - end}z`;
    }
  }
  return path;
}
