// DEBUG runs alone: one click logs in as someone of the demo world.

const form = document.getElementById("login");
for (const button of document.querySelectorAll("[data-log-in-as]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    form.elements.login.value = button.dataset.logInAs;
    form.elements.password.value = button.dataset.password;
    form.requestSubmit();
  });
}
