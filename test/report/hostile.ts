/** Text that shows where it is taken for markup: it renames the page, ends a script and opens an element. */
export const HOSTILE = `<img src=x onerror="document.title='hit'"></script><b>'&amp;`;
