import type { LinkMail } from "../../services/agents/mail-links.ts";
import type { Mail } from "../../services/platform/mailer.ts";
import { translateFor } from "../i18n.ts";

/** Plain text: the link, how long it works, and that nothing happens without it. @param baseUrl of Hilo's pages. */
export function composeLink({ to, name, locale, firmName, kind, token }: LinkMail, baseUrl: string): Mail {
  const t = translateFor(locale);
  const words = { name, firm: firmName };
  return {
    to,
    subject: t(`mail.link_${kind}`, words),
    text: `${t(`mail.link_${kind}_text`, words)}\n${baseUrl}/passwords/${token}\n\n${t("mail.link_ignore")}\n`,
  };
}
