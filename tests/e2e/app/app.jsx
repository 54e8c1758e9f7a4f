// A small app on an origin of its own, as people write them with better-auth's React client.
import { useState } from "react";
import { createRoot } from "react-dom/client";
import { createAuthClient } from "better-auth/react";

const auth = createAuthClient({ baseURL: AUTH_URL });
const ada = { email: "ada@example.com", password: "correct-horse-battery" };

function App() {
  const { data, isPending, error } = auth.useSession();
  const [problem, setProblem] = useState("");
  const act = (send) => async () => {
    const answer = await send();
    setProblem(answer.error ? `${answer.error.status} ${answer.error.code}` : "");
  };
  const state = isPending ? "pending" : error ? `error ${error.status}` : data ? `${data.user.name} <${data.user.email}>` : "signed out";
  return (
    <main>
      <p data-testid="state">{state}</p>
      <p role="status">{problem}</p>
      <button onClick={act(() => auth.signUp.email({ ...ada, name: "Ada" }))}>Sign up</button>
      <button onClick={act(() => auth.signIn.email(ada))}>Sign in</button>
      <button onClick={act(() => auth.signIn.email({ ...ada, password: "wrong-password" }))}>Wrong password</button>
      <button onClick={act(() => auth.updateUser({ name: "Ada Lovelace" }))}>Rename</button>
      <button onClick={act(() => auth.signOut())}>Sign out</button>
    </main>
  );
}

createRoot(document.getElementById("root")).render(<App />);
