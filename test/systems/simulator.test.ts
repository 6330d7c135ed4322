// A plain simulator as a system: the contact process of data/own obeys the laws of every system, with its rates and without; what is wrong is found.
import { setDefaultTimeout } from "bun:test";
import contact from "../../data/own/contact.ts";
import { HostSystem, LocalEngine } from "../../lib/systems/simulator.ts";
import { systemLaws } from "../laws.ts";

setDefaultTimeout(240_000);

const simulator = contact.simulator({ lambda: 2.5 });
const { rates: _, ...blind } = simulator;

const CONTACT = {
  make: () => new HostSystem("contact", new LocalEngine(simulator), 4),
  side: 8,
  time: 0.3,
  conserved: [0],
  onHost: true,
  replicas: 1024,
  skip: {
    watch: "its patches have no states of their own",
    cohorts: "density is drawn for each cohort, sites are drawn apart",
  },
};

systemLaws("a plain simulator with rates", CONTACT);
systemLaws("a plain simulator without rates", {
  ...CONTACT,
  make: () => new HostSystem("contact", new LocalEngine(blind), 4),
  rates: "unknown",
});
