// A whole purchase: a new user joins, looks at dates and seats, holds, charges and pays.
import { options_of, rounds_of } from "./concertres.js";
export { setup } from "./concertres.js";

export const options = options_of("sale");
export default rounds_of({
  round: (person) => {
    person.forget();
    person.join_and_wait();
    person.look_at_dates();
    person.look_at_seats();
    person.hold();
    person.charge();
    person.pay();
  },
  outcome: "bought",
});
