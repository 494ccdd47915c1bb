// Somebody in the line asks where they stand.
import { options_of, rounds_of } from "./concertres.js";
export { setup } from "./concertres.js";

export const options = options_of("poll");
export default rounds_of({
  prepare: (person) => person.join(),
  round: (person) => person.poll(),
});
