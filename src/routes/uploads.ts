import { Router } from "express";
import { discardUpload, storeUpload } from "../services/channels/uploads.ts";
import { getConversation } from "../services/conversations/queries.ts";
import { NotFound } from "../services/platform/errors.ts";
import { fileSize } from "../views/format.ts";
import { requirePermission } from "./guards.ts";
import { perAgent } from "./limits.ts";
import { receiveFile } from "./receive-file.ts";
import { fragment } from "./respond.ts";
import { idParam } from "./validate.ts";

/** Meta's largest document; what is larger is refused while it arrives. Bytes. */
const largestUpload = 100 * 1024 * 1024;

/** Files that agents choose, kept until the reply that takes them along. */
export const uploads: Router = Router();

uploads.post(
  "/conversations/:id/uploads",
  requirePermission("conversations.reply"),
  perAgent(120, 60),
  async (req, res) => {
    await getConversation(req.ctx, idParam(req.params));
    const file = await receiveFile(req, largestUpload);
    const upload = await storeUpload(req.ctx, file);
    const href = `/files/${upload.publicId}`;
    fragment(
      res.status(201),
      req.render("conversations/_upload", {
        publicId: upload.publicId,
        upload: {
          kind: upload.kind,
          href,
          thumbnail: upload.hasThumbnail ? `${href}/thumbnail` : null,
          inline: false,
          name: upload.fileName,
          size: fileSize(upload.bytes ?? 0, req.viewer.locale),
          width: upload.width,
          height: upload.height,
          state: "stored",
          isSticker: false,
        },
      }),
    );
  },
);

uploads.delete("/uploads/:id", async (req, res) => {
  const { id } = req.params;
  if (typeof id !== "string" || !/^[0-9a-f]{32}$/.test(id)) throw new NotFound();
  await discardUpload(req.ctx, id);
  res.status(204).end();
});
