import { parentPort, workerData } from "node:worker_threads";
import { ZxcvbnFactory } from "@zxcvbn-ts/core";
import * as common from "@zxcvbn-ts/language-common";
import * as spanish from "@zxcvbn-ts/language-es-es";

// Runs in a thread of its own: the lists of common passwords and words hold 45 MB, and a password is seldom set.
const { password, about } = workerData as { password: string; about: string[] };
const guesser = new ZxcvbnFactory({
  dictionary: { ...common.dictionary, ...spanish.dictionary },
  graphs: common.adjacencyGraphs,
});
parentPort?.postMessage(guesser.check(password, about).score);
