// Somebody who is let in holds a free seat, and releases it.
import { options_of, rounds_of } from "./concertres.js";
export { setup } from "./concertres.js";

export const options = options_of("reservation");
export default rounds_of({
  prepare: (person) => {
    person.join_and_wait();
    person.look_at_seats();
  },
  round: (person) => {
    person.hold();
    person.release();
  },
});
