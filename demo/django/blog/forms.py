from blog.models import Post
from django import forms


class PostForm(forms.ModelForm):
    purge = forms.BooleanField(required=False, label="purge the post and the front page in isrd")

    class Meta:
        model = Post
        fields = ["title", "text"]
