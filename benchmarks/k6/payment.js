// A new user joins, holds a seat, charges the wallet and pays.
import { options_of, rounds_of } from "./concertres.js";
export { setup } from "./concertres.js";

export const options = options_of("payment");
export default rounds_of({
  round: (person) => {
    person.join_and_wait();
    person.hold();
    person.charge();
    person.pay();
  },
  outcome: "bought",
});
