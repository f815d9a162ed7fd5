import type { AlertMail } from "../../services/alerts/mail-alerts.ts";
import type { PushNotice } from "../../services/alerts/push.ts";
import type { Mail } from "../../services/platform/mailer.ts";
import { translateFor } from "../i18n.ts";

/** Plain text: what happened, with whom, and where to look. Nothing that the contact wrote. @param baseUrl of Hilo's pages. */
export function composeAlerts({ to, locale, alerts }: AlertMail, baseUrl: string): Mail {
  const t = translateFor(locale);
  const lines = alerts.map(({ kind, contactName, conversationId }) =>
    [
      `${t(`alert.${kind}`, { by: t("agent.hilo") })}: ${contactName || t("contact.unnamed")}`,
      `${baseUrl}/conversations/${conversationId}`,
    ].join("\n"),
  );
  return {
    to,
    subject: t("mail.alerts", { n: alerts.length }),
    text: `${lines.join("\n\n")}\n\n${t("mail.alerts_why")}\n${baseUrl}/mentions\n`,
  };
}

/** One line for all of them: the first by name, the others by number. */
export function composePush({ locale, alerts }: AlertMail): PushNotice {
  const t = translateFor(locale);
  const [first] = alerts;
  if (!first) return { title: "Hilo", body: "", path: "/mentions" };
  const title = `${t(`alert.${first.kind}`, { by: t("agent.hilo") })}: ${first.contactName || t("contact.unnamed")}`;
  return alerts.length === 1
    ? { title, body: "", path: `/conversations/${first.conversationId}` }
    : { title, body: t("mail.alerts", { n: alerts.length }), path: "/mentions" };
}
