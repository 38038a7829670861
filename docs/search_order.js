// What the search shows first: pages that tell how, then names, then papers of the
// project. Sphinx puts this at the top of its own script, instead of its own `Scorer`.
var Scorer = {
  objNameMatch: 14,
  objPartialMatch: 3,
  objPrio: { 0: 0, 1: 0, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
  score: ([docname, , , , score, , kind]) => {
    if (kind === "object") return score;
    if (/^(howto|tools|start|mistakes|testing)/.test(docname)) return score + 3;
    if (/^(reference|design|deviations|dependencies|contributing|changes)/.test(docname))
      return score - 4;
    return score;
  },
};
