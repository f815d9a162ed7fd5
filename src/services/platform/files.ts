/** What the bytes themselves say about a file. */
export interface InspectedFile {
  mediaType: string;
  width: number | null;
  height: number | null;
  thumbnail: Uint8Array | null;
}

/** Pictures that we decode: never SVG, whose loader reads other files. */
const pictures = new Set(["image/jpeg", "image/png", "image/webp", "image/gif"]);

/** Decoding more would take memory for nothing: 40 megapixels are more than any phone's camera sends. */
const mostPixels = 40_000_000;
const thumbnailSize = 480;

/**
 * The type is what the content shows. A name or a sender's word counts only for plain text, which has no marks of
 * its own; anything else unknown is bytes.
 */
export async function inspectFile(bytes: Uint8Array, claimedType: string): Promise<InspectedFile> {
  const { fileTypeFromBuffer } = await import("file-type");
  const sniffed = (await fileTypeFromBuffer(bytes))?.mime;
  const claimed = claimedType.split(";")[0]?.trim().toLowerCase() ?? "";
  const mediaType =
    sameFamily(sniffed, claimed) ?? (claimed === "text/plain" ? claimed : "application/octet-stream");
  if (!pictures.has(mediaType)) return { mediaType, width: null, height: null, thumbnail: null };
  try {
    const image = (await sharp())(bytes, { limitInputPixels: mostPixels, failOn: "error", pages: 1 });
    const { autoOrient } = await image.metadata();
    const thumbnail = await image
      .rotate()
      .resize(thumbnailSize, thumbnailSize, { fit: "inside", withoutEnlargement: true })
      .webp({ quality: 76 })
      .toBuffer();
    return { mediaType, width: autoOrient.width, height: autoOrient.height, thumbnail };
  } catch {
    // It says it is a picture and cannot be read as one: kept, and offered as a download only.
    return { mediaType: "application/octet-stream", width: null, height: null, thumbnail: null };
  }
}

/** Containers hold either sound or pictures: there the sender knows better which (`video/mp4` for an `audio/mp4`). */
function sameFamily(sniffed: string | undefined, claimed: string): string | undefined {
  if (!sniffed) return undefined;
  const containers: Record<string, string[]> = {
    "video/mp4": ["audio/mp4", "audio/aac", "video/3gpp"],
    "audio/x-m4a": ["audio/mp4", "audio/aac"],
    "video/ogg": ["audio/ogg"],
    "audio/opus": ["audio/ogg"],
    "audio/ogg": ["audio/ogg"],
    "video/webm": ["audio/webm"],
    "audio/mpeg": ["audio/mpeg"],
  };
  const plain = sniffed.split(";")[0]?.trim() ?? sniffed;
  if (containers[plain]?.includes(claimed)) return claimed;
  return plain === "audio/opus" ? "audio/ogg" : plain === "audio/x-m4a" ? "audio/mp4" : plain;
}

/** Removes where and with what a picture was taken before it goes to a customer; other files stay as they are. */
export async function withoutMetadata(bytes: Uint8Array, mediaType: string): Promise<Uint8Array> {
  if (mediaType !== "image/jpeg" && mediaType !== "image/png") return bytes;
  return (await sharp())(bytes, { limitInputPixels: mostPixels }).rotate().toBuffer();
}

/** Loaded when the first picture comes: at rest its memory is better used. */
async function sharp() {
  const { default: load } = await import("sharp");
  load.concurrency(1);
  load.cache(false);
  return load;
}
