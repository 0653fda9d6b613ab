// How far a cell is that runs, and for how long it does.
import { t } from "./text.js";

const LONG = 1.5; // times as long as its cell says
const SILENT = 4000; // ms without a message, after which a server is asked; and in which it should answer
const PROGRESS = /<progress aria-label="([^"]*)"[^>]*max="(\d+)" value="(\d+)"/;

/** Of cells that run, since when, and what they have told. */
export const followed = new WeakMap();

/** How long a cell has run, and how long it usually does. */
export function spent(ms, cell) {
  const [seconds, about] = [Math.floor(ms / 1000), cell.model.getMetadata("seconds")];
  if (seconds > LONG * about) return t("{seconds} s, longer than usual", { seconds });
  return about ? t("{seconds} s of about {about}", { seconds, about }) : t("{seconds} s", { seconds });
}

const linesIn = (texts) => texts.join("").split("\n").length - 1;

/**
 * Tells what a cell does and how far it is: by its bar, else by the lines that it prints, of those that it had when
 * saved, else what it printed last, else by its time -> call it at the end of the run
 * @param {any} cell
 * @param {{ kernel: any, heading: string, isIts: (id: string) => boolean, tell: (far: string[]) => void, so?: any }} of
 *   isIts: whether a message of that parent is; so: what is known of it already
 */
export function follow(cell, { kernel, heading, isIts, tell, so }) {
  const texts = (cell.model.outputs?.toJSON() ?? []).map(({ text = "" }) => text);
  const known = { began: Date.now(), bar: null, printed: "", lines: linesIn(texts), ...so };
  followed.set(cell, known);
  const server = { heard: Date.now(), isAsked: false, isSilent: false };
  const ask = async () => {
    if (server.isAsked || Date.now() - server.heard < SILENT) return;
    server.isAsked = true;
    const answer = fetch(`${kernel.serverSettings.baseUrl}api`, { signal: AbortSignal.timeout(SILENT) });
    const isSilent = await answer.then(() => false).catch(() => true);
    Object.assign(server, { isSilent, isAsked: false }, isSilent ? {} : { heard: Date.now() });
  };
  const look = () => {
    const { began, bar, printed, lines } = known;
    const [title, now, all] = bar ? [bar[1], bar[3], bar[2]] : [heading, linesIn([printed]), lines + 1];
    const share = `${Math.min(100, Math.round((100 * now) / all))} %`;
    const tells = bar || now > (lines ? 0 : 1); // of how many lines the first is, is not known
    const far = bar || lines ? share : printed.trim().split("\n").at(-1);
    const words = tells ? far : spent(Date.now() - began, cell);
    tell([title, server.isSilent ? t("the server is silent") : words]);
  };
  const hear = (_, { parent_header, content: { data, name, text = "" } }) => {
    Object.assign(server, { heard: Date.now(), isSilent: false });
    if (!isIts(parent_header.msg_id)) return; // as what the kernel says of a live view
    known.bar = PROGRESS.exec(data?.["text/html"] ?? "") ?? known.bar;
    known.printed += name === "stdout" ? text : "";
    look();
  };
  const ticking = setInterval(() => {
    ask();
    look();
  }, 1000);
  look();
  kernel.iopubMessage.connect(hear);
  return () => {
    clearInterval(ticking);
    kernel.iopubMessage.disconnect(hear);
  };
}
