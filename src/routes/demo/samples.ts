/** A picture as a phone might send one: warm light on a table, drawn and not photographed. */
export async function samplePicture(): Promise<Buffer> {
  const { default: sharp } = await import("sharp");
  const width = 960;
  const height = 720;
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const light = 1 - Math.hypot(x / width - 0.3, y / height - 0.25) * 0.8;
      const table = y > height * 0.62 ? 0.72 : 1;
      const cup = Math.hypot((x - 560) / 150, (y - 400) / 190) < 1 ? 0.55 : 1;
      const at = (y * width + x) * 3;
      pixels[at] = 225 * light * table * cup + 20;
      pixels[at + 1] = 190 * light * table * cup + 18;
      pixels[at + 2] = 160 * light * table * cup + 22;
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 80 })
    .toBuffer();
}

/** Two seconds of a soft tone: 8 kHz, 16 bit, mono, as a WAV file. */
export function sampleSound(): Buffer {
  const rate = 8000;
  const samples = rate * 2;
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let n = 0; n < samples; n += 1) {
    const fade = Math.min(1, n / 800, (samples - n) / 800);
    wav.writeInt16LE(Math.round(Math.sin((n / rate) * 2 * Math.PI * 330) * 6000 * fade), 44 + n * 2);
  }
  return wav;
}
