import type { StoryFile } from "../../services/story/files.ts";
import { exact, fileSize, shortDay } from "../format.ts";
import { translateFor } from "../i18n.ts";
import type { Viewer } from "../index.ts";

/** A file in a customer's gallery. */
export interface FileTile {
  href: string;
  thumbnail: string | null;
  icon: "file-text" | "paperclip";
  name: string;
  from: string;
  when: string;
  exact: string;
  size: string;
  /** `2 veces`, or empty. */
  times: string;
  jump: string;
}

export function presentFile(file: StoryFile, viewer: Viewer): FileTile {
  const t = translateFor(viewer.locale);
  return {
    href: `/files/${file.publicId}`,
    thumbnail: file.hasThumbnail ? `/files/${file.publicId}/thumbnail` : null,
    icon: file.kind === "document" ? "file-text" : "paperclip",
    name: file.fileName || t(`kind.${file.kind}`),
    from: t(file.direction === "inbound" ? "files.received" : "files.sent"),
    when: shortDay(file.sentAt, viewer.now, viewer),
    exact: exact(file.sentAt, viewer),
    size: file.bytes === null ? "" : fileSize(file.bytes, viewer.locale),
    times: file.times > 1 ? t("files.times", { n: file.times }) : "",
    jump: `/conversations/${file.conversationId}?message=${file.messageId}#message-${file.messageId}`,
  };
}
