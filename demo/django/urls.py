from blog import views
from django.urls import path

urlpatterns = [
    path("", views.index),
    path("post/<int:number>/", views.post),
    path("edit/<int:number>/", views.edit),
]
