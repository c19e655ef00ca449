from django import forms


class RoomForm(forms.Form):
    """A new room."""

    name = forms.CharField(max_length=80, help_text="Short, such as Graph problems.")
    description = forms.CharField(max_length=300, required=False, help_text="What it is for, in a sentence.")
    kind = forms.ChoiceField(
        choices=[("public", "Public: anyone here may read and join"), ("private", "Private: by invitation only")],
        widget=forms.RadioSelect,
        initial="public",
        label="Who it is for",
    )
