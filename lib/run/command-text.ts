// The present command line as text that can be typed again.

/** Without `--resume` and `--force`, quoted for a shell. */
function typedArguments(): string[] {
  const args = process.argv.slice(2).filter((arg) => !/^--(resume|force)(=|$)/.test(arg));
  return args.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`));
}

/** A script with its arguments. npm is there wherever the package was installed. */
export function commandText(script: string, args: readonly string[]): string {
  return [`npm run ${script}`, ...(args.length > 0 ? ["--", ...args] : [])].join(" ");
}

/** Goes on with the present run. */
export function continueCommand(experiment: string): string {
  return commandText(experiment, [...typedArguments(), "--resume"]);
}

/** Makes the present run again, in the default folder. */
export function repeatCommand(experiment: string): string {
  const args = typedArguments();
  const kept = args.filter((arg, at) => !arg.startsWith("--out") && args[at - 1] !== "--out");
  return commandText(experiment, kept);
}
