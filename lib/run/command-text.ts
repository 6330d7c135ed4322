// The present command line as text that can be typed again.

/** Without `--resume` and `--force`, quoted for a shell. */
function typedArguments(): string[] {
  const args = process.argv.slice(2).filter((arg) => !/^--(resume|force)(=|$)/.test(arg));
  return args.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`));
}

/** Goes on with the present run. */
export function continueCommand(experiment: string): string {
  return ["bun run", experiment, ...typedArguments(), "--resume"].join(" ");
}

/** Makes the present run again, in the default folder. */
export function repeatCommand(experiment: string): string {
  const args = typedArguments();
  const kept = args.filter((arg, at) => !arg.startsWith("--out") && args[at - 1] !== "--out");
  return [`npm run ${experiment}`, ...(kept.length > 0 ? ["--", ...kept] : [])].join(" ");
}
