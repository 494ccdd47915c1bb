// A new user joins the room.
import { options_of, rounds_of } from "./concertres.js";
export { setup } from "./concertres.js";

export const options = options_of("token");
export default rounds_of({
  round: (person) => person.join(),
});
