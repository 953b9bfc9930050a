import { type FormEvent } from "react";
import { settings } from "./settings";
import { useWords } from "./words";

/** Asks for a token, and says why the last one was not taken. */
export function SignIn() {
  const words = useWords();
  const { refusal } = settings.use();
  const signIn = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get("token")).trim();
    if (token) settings.set({ token, refusal: null });
  };
  return (
    <main className="sign-in">
      <form className="card" onSubmit={signIn}>
        <h1>{words.title}</h1>
        {refusal && (
          <p role="alert" className="failure">
            {refusal}
          </p>
        )}
        <label>
          {words.token}
          <input name="token" type="password" autoComplete="off" required autoFocus aria-describedby="hint" />
        </label>
        <p id="hint" className="quiet">
          {words.tokenHint}
        </p>
        <button type="submit">{words.signIn}</button>
      </form>
    </main>
  );
}
