import nodemailer from "nodemailer";

export interface Mail {
  to: string;
  subject: string;
  text: string;
  /** The same with tables, for whoever reads mail so. */
  html?: string;
}

/** Hands mail to the firm's server. */
export interface Mailer {
  /** @throws Error of the server, or when it does not answer. */
  send: (mail: Mail) => Promise<void>;
  close: () => void;
}

/** A server that is slow holds up mail, nothing else. Milliseconds. */
const patience = 15_000;

/**
 * @param url `smtp://user:password@host:587?from=hilo@firm.example`; `smtps` for a port that begins encrypted. Without `from` the
 * user is the sender.
 */
export function openMailer(url: string): Mailer {
  const address = new URL(url);
  const from = address.searchParams.get("from") ?? decodeURIComponent(address.username);
  address.searchParams.delete("from");
  const transport = nodemailer.createTransport({
    url: address.href,
    connectionTimeout: patience,
    greetingTimeout: patience,
    socketTimeout: patience,
  } as never);
  return {
    async send({ to, subject, text, html }) {
      const body = html === undefined ? { text } : { text, html };
      await transport.sendMail({ from, to, subject: subject.replaceAll(/[\r\n]+/g, " "), ...body });
    },
    close: () => transport.close(),
  };
}
