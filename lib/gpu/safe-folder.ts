// Places whose files may be loaded as code: nobody but this user, or the administrator, can put anything there.
import { lstatSync, realpathSync, type Stats } from "node:fs";
import { dirname } from "node:path";

const [OTHERS_WRITE, STICKY] = [0o022, 0o1000];

/** Undefined where there are no user ids, as on Windows. */
export const ownUser = (): number | undefined => process.getuid?.();

/** What is wrong with a file or folder as a place of code, as a sentence; undefined where nothing is. In a sticky folder others cannot touch what is ours. */
function fault(path: string, { uid, mode }: Stats, isLast: boolean): string | undefined {
  const own = ownUser();
  if (own === undefined) return undefined;
  if (uid !== own && uid !== 0) return `${path} belongs to another user`;
  const sticky = (mode & STICKY) !== 0 && !isLast;
  return (mode & OTHERS_WRITE) !== 0 && !sticky ? `other users can write to ${path}` : undefined;
}

/** Throws Error, with a sentence, unless the path and every folder above it can be changed by this user and the administrator alone. */
export function requireSafe(path: string): void {
  // Links lead to where they lead: what counts are the folders there.
  const real = realpathSync(path);
  for (let at = real; ; at = dirname(at)) {
    const problem = fault(at, lstatSync(at), at === real);
    if (problem) throw new Error(`${problem}, and what lies in it would be run`);
    if (at === dirname(at)) return;
  }
}
