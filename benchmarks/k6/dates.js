// Somebody who is let in asks for the dates.
import { options_of, rounds_of } from "./concertres.js";
export { setup } from "./concertres.js";

export const options = options_of("dates");
export default rounds_of({
  prepare: (person) => person.join_and_wait(),
  round: (person) => person.look_at_dates(),
});
