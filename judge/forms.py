from django import forms

from judge import languages
from judge.models import Problem


class SubmitForm(forms.Form):
    """Code and its language; what the service says of them is shown as the form's errors."""

    language = forms.ChoiceField()
    source = forms.CharField(
        label="Your code", widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "false"}), strip=False
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they are
        self.fields["language"] = forms.ChoiceField(
            choices=[(language.code, language.name) for language in languages.offered()]
        )


class FilterForm(forms.Form):
    """What the list of problems is narrowed by."""

    q = forms.CharField(required=False, max_length=60, label="Search")
    difficulty = forms.TypedChoiceField(
        required=False, choices=[("", "Any difficulty"), *Problem.Difficulty.choices], coerce=int, empty_value=None
    )
    tag = forms.SlugField(required=False, max_length=30)


class ImportForm(forms.Form):
    """A problem package, as a zip."""

    package = forms.FileField(
        label="Package",
        help_text="A zip in the ICPC/Kattis problem package format. A problem of the same slug is replaced.",
        widget=forms.ClearableFileInput(attrs={"accept": ".zip,.kpp,application/zip"}),
    )
