from django.db import models


class Post(models.Model):
    title = models.CharField(max_length=200)
    text = models.TextField()
    version = models.PositiveIntegerField(default=1)  # counts the saved edits

    class Meta:
        ordering = ["id"]
