// Somebody who is let in asks for the seats of a date.
import { options_of, rounds_of } from "./concertres.js";
export { setup } from "./concertres.js";

export const options = options_of("seats");
export default rounds_of({
  prepare: (person) => {
    person.join_and_wait();
    person.look_at_dates();
  },
  round: (person) => person.look_at_seats(),
});
