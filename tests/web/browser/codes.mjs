// What a scanner reads: QR codes, by a decoder that is not ours.
import { createRequire } from "node:module";
import { join } from "node:path";

const modules = createRequire(join(process.env.WEB_TESTS_MODULES, "package.json"));
const jsqr = modules("jsqr");

// Of pixels, four bytes each; null where there is no code.
export function decode({ pixels, width, height }) {
  return jsqr(pixels, width, height);
}

// Of what a PNG shows, as a person would hold it to a camera. A page that is empty forbids nothing.
export async function decode_picture(context, png) {
  const page = await context.newPage();
  const shown = await page.evaluate(
    async (source) => {
      const image = new Image();
      image.src = source;
      await image.decode();
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [image.width, image.height];
      const drawing = canvas.getContext("2d");
      drawing.drawImage(image, 0, 0);
      const { data } = drawing.getImageData(0, 0, image.width, image.height);
      // One letter for each pixel: an array of a million numbers takes seconds to be handed over.
      let letters = "";
      for (let i = 0; i < data.length; i += 4) letters += data[i] < 128 ? "#" : ".";
      return { letters, width: image.width, height: image.height };
    },
    "data:image/png;base64," + png.toString("base64"),
  );
  await page.close();
  const { letters, width, height } = shown;
  const pixels = new Uint8ClampedArray(4 * letters.length).fill(255);
  for (let i = 0; i < letters.length; ++i) if (letters[i] === "#") pixels.set([0, 0, 0], 4 * i);
  return decode({ pixels, width, height })?.data ?? null;
}

// The pixels of a code of ours, some for each module, with its quiet zone.
export function pixels_of(code, { scale, quiet }) {
  const width = (code.size + 2 * quiet) * scale;
  const pixels = new Uint8ClampedArray(width * width * 4).fill(255);
  for (let y = 0; y < width; ++y) {
    for (let x = 0; x < width; ++x) {
      const [column, row] = [x, y].map((at) => Math.floor(at / scale) - quiet);
      const is_in = column >= 0 && row >= 0 && column < code.size && row < code.size;
      if (is_in && code.at(column, row)) pixels.set([0, 0, 0], 4 * (y * width + x));
    }
  }
  return { pixels, width, height: width };
}
