import { deflateRawSync, deflateSync } from "node:zlib";
import { expect } from "chai";
import { inspectFile } from "../../../src/services/platform/files.ts";

/** A PNG of one colour: small in bytes, large in pixels. */
function plainPng(side: number): Buffer {
  const table = Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  const crc = (bytes: Buffer) => {
    let c = 0xffffffff;
    for (const byte of bytes) c = (table[(c ^ byte) & 255] ?? 0) ^ (c >>> 8);
    return (c ^ 0xffffffff) >>> 0;
  };
  const chunk = (name: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head[8] = 1;
  const lines = Buffer.alloc((1 + side / 8) * side);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(lines)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A zip whose one entry unpacks to a thousand times its size. */
function zipBomb(name: string): Buffer {
  const data = deflateRawSync(Buffer.alloc(200 * 1024 * 1024));
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(20, 4);
  local.writeUInt16LE(8, 8);
  local.writeUInt32LE(data.length, 18);
  local.writeUInt32LE(200 * 1024 * 1024, 22);
  local.writeUInt16LE(name.length, 26);
  return Buffer.concat([local, Buffer.from(name), data]);
}

describe("files of others", () => {
  it("bombs of pixels and of archives are kept as bytes, and take no memory", async () => {
    const small = await inspectFile(plainPng(64), "image/png");
    expect(small).to.include({ mediaType: "image/png", width: 64, height: 64 });
    const pixels = plainPng(16384);
    expect(pixels.length).to.be.below(100_000);
    const before = process.memoryUsage().rss;
    expect(await inspectFile(pixels, "image/png")).to.deep.equal({
      mediaType: "application/octet-stream",
      width: null,
      height: null,
      thumbnail: null,
    });
    for (const name of ["[Content_Types].xml", "word/document.xml", "mimetype"])
      expect((await inspectFile(zipBomb(name), "application/zip")).thumbnail).to.equal(null);
    expect(process.memoryUsage().rss - before).to.be.below(400 * 1024 * 1024);
  });

  it("are what their content shows, whatever they are called", async () => {
    const html = Buffer.from("<script>alert(1)</script>");
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>');
    for (const [bytes, claimed] of [
      [html, "image/png"],
      [html, "text/html"],
      [svg, "image/svg+xml"],
      [Buffer.from("<?php system('id');"), "application/x-php"],
      [Buffer.from("#!/bin/sh"), "image/jpeg"],
    ] as const)
      expect((await inspectFile(bytes, claimed)).mediaType, claimed).to.equal("application/octet-stream");
  });
});
